/**
 * One TCP connection that speaks the peer wire protocol: owns the socket and its
 * receive buffer. Knows frames, not what they mean. A connection that breaks and
 * one that is closed are the same to its user: nothing more comes.
 *
 * @module
 */
import { ByteQueue } from "../base/byte_queue.ts";
import { unmapHostname } from "../base/ip_address.ts";
import {
  encodeHandshake,
  type Handshake,
  readHandshake,
} from "../wire/handshake.ts";
import type { Message } from "../wire/message.ts";
import { type ReadLimits, readMessage } from "../wire/read_message.ts";
import { isConnectionLoss } from "../net/connection_loss.ts";

/** Receive buffer before the handshake, in bytes: a stranger gets no more. */
const GREETING_LENGTH = 1024;
/** Receive buffer of each connection, in bytes; it grows if a frame needs more. */
const RECEIVE_BUFFER_LENGTH = 256 * 1024;
/** Room for each read, in bytes: a read costs the same for little and for much. */
const LEAST_READ_LENGTH = 64 * 1024;
/** Smallest limit of a read, in bytes: a slow peer still gets a block through in one. */
const LEAST_READ_LIMIT = 16 * 1024;

/** A peer connection, before and after the handshake. */
export class PeerChannel implements Disposable {
  /** The remote address in its plain spelling. */
  readonly hostname: string;
  /** The remote port: for a connection that we dialed, where the peer listens. */
  readonly port: number;
  readonly #connection: Deno.TcpConn;
  readonly #received = new ByteQueue(GREETING_LENGTH);
  #isClosed = false;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.hostname = unmapHostname(connection.remoteAddr.hostname);
    this.port = connection.remoteAddr.port;
    // A request is smaller than a segment: without this it waits for company.
    connection.setNoDelay(true);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Waits for more bytes, for `maxLength` of them or 16 KiB at most. Returns how
   * many came; 0 when the connection is over.
   */
  async receive(maxLength: number = Infinity): Promise<number> {
    const space = this.#received.space(LEAST_READ_LENGTH)
      .subarray(0, Math.max(maxLength, LEAST_READ_LIMIT));
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
   * The next message received; `undefined` until there is a whole one. Its bytes
   * are views, valid until the next {@linkcode receive}.
   * @throws {ProtocolError} If the frame breaks the protocol.
   */
  nextMessage(limits: ReadLimits): Message | undefined {
    return readMessage(this.#received, limits);
  }

  /**
   * Waits for the peer's handshake; `undefined` if the connection ends first.
   * @throws {ProtocolError} If it opens with anything else.
   */
  async receiveHandshake(): Promise<Handshake | undefined> {
    for (;;) {
      const handshake = readHandshake(this.#received);
      if (handshake !== undefined) {
        // Now, in one go, and not as it grows.
        this.#received.space(RECEIVE_BUFFER_LENGTH);
        return handshake;
      }
      // A handshake is shorter, so there is room.
      if (await this.#read(this.#received.space(1)) === 0) return undefined;
    }
  }

  sendHandshake(handshake: Handshake): Promise<boolean> {
    return this.write(encodeHandshake(handshake));
  }

  /** Writes all of `bytes`, which are the caller's again then. False if the connection is over. */
  async write(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let done = 0; done < bytes.length;) {
        done += await this.#connection.write(bytes.subarray(done));
      }
      return true;
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      return false;
    }
  }

  /** Closes the socket; what waits on it ends. Harmless when repeated. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#connection.close();
    } catch (error) {
      // The peer may have reset it in the same moment.
      if (!isConnectionLoss(error)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
