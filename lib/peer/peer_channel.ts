/**
 * One TCP connection that speaks the peer wire protocol. Owns the socket and its
 * receive buffer; knows frames, not their meaning. A broken connection and a closed
 * connection look the same to the caller: no more bytes come.
 *
 * @module
 */
import { ByteQueue } from "../base/byte_queue.ts";
import { unmapHostname } from "../base/ip_address.ts";
import { isConnectionLoss } from "../net/connection_loss.ts";
import {
  encodeHandshake,
  type Handshake,
  readHandshake,
} from "../wire/handshake.ts";
import type { Message } from "../wire/message.ts";
import { readMessage } from "../wire/read_message.ts";

/** Time for a connection and its handshake together, in milliseconds. */
export const HANDSHAKE_TIMEOUT_MS = 8_000;

/** Receive buffer before the handshake, in bytes: an unknown host gets no more memory. */
const HANDSHAKE_BUFFER_LENGTH = 1024;
/** Receive buffer after the handshake, in bytes; grows if a frame needs more. */
const RECEIVE_BUFFER_LENGTH = 256 * 1024;
/** Least space for a read, in bytes: a read costs the same for few bytes as for many. */
const MIN_READ_SPACE = 64 * 1024;
/** Smallest limit of a read, in bytes: even at a low rate one read can take a block. */
const MIN_READ_LIMIT = 16 * 1024;

/** A channel after its handshake, and the handshake that the peer sent. */
export interface HandshakenChannel {
  readonly channel: PeerChannel;
  readonly handshake: Handshake;
}

/** A TCP connection with a peer, before and after the handshake. */
export class PeerChannel {
  /** The remote address in its canonical text. */
  readonly hostname: string;
  /** The remote port; the peer listens there only if we dialed it. */
  readonly port: number;
  readonly #connection: Deno.TcpConn;
  readonly #received = new ByteQueue(HANDSHAKE_BUFFER_LENGTH);
  #isClosed = false;
  /** When the pending write began or went on; `Infinity` if there is none. */
  #writingSinceMs = Infinity;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.hostname = unmapHostname(connection.remoteAddr.hostname);
    this.port = connection.remoteAddr.port;
    // A request is smaller than a segment: Nagle's algorithm would delay it.
    connection.setNoDelay(true);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Waits for bytes: at most `maxLength`, or 16 KiB if `maxLength` is less.
   * Returns the number of bytes; 0 when the connection is over.
   */
  async receive(maxLength: number = Infinity): Promise<number> {
    const space = this.#received.space(MIN_READ_SPACE)
      .subarray(0, Math.max(maxLength, MIN_READ_LIMIT));
    return await this.#read(space);
  }

  async #read(space: Uint8Array): Promise<number> {
    let count: number | null;
    try {
      count = await this.#connection.read(space);
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      return 0;
    }
    if (count === null) return 0;
    this.#received.commit(count);
    return count;
  }

  /**
   * The next message received; `undefined` until it is complete. The message's bytes are
   * views, valid until the next read, {@linkcode receive}.
   * @throws {ProtocolError} If the frame breaks the protocol.
   */
  nextMessage(maxLength: number): Message | undefined {
    return readMessage(this.#received, maxLength);
  }

  /**
   * Waits for the peer's handshake; `undefined` if the connection ends before.
   * @throws {ProtocolError} If the peer sends something else.
   */
  async receiveHandshake(): Promise<Handshake | undefined> {
    for (;;) {
      const handshake = readHandshake(this.#received);
      if (handshake !== undefined) {
        // At once, instead of growing the buffer step by step.
        this.#received.space(RECEIVE_BUFFER_LENGTH);
        return handshake;
      }
      // A handshake is shorter than the buffer, so there is space.
      if (await this.#read(this.#received.space(1)) === 0) return undefined;
    }
  }

  /** Sends our handshake. Returns false if the connection is over. */
  sendHandshake(handshake: Handshake): Promise<boolean> {
    return this.write(encodeHandshake(handshake));
  }

  /** Writes all of `bytes`; the caller must not change them until then. Returns false if the connection is over. */
  async write(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let done = 0; done < bytes.length;) {
        this.#writingSinceMs = performance.now();
        done += await this.#connection.write(bytes.subarray(done));
      }
      return true;
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      return false;
    } finally {
      this.#writingSinceMs = Infinity;
    }
  }

  /** Time for which the peer has taken no byte of a pending write, in milliseconds; 0 if there is none. */
  writingMs(now: number): number {
    return Math.max(0, now - this.#writingSinceMs);
  }

  /** Closes the socket and ends all waits on it. May be called again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#connection.close();
    } catch (error) {
      // Harmless: the peer may have reset the connection at the same moment.
      if (!isConnectionLoss(error)) throw error;
    }
  }
}
