/**
 * A peer on a plain socket: bytes are written as they are, and frames are read
 * without the library's codec.
 */
import { deadline } from "@std/async/deadline";
import { decodeHex } from "@std/encoding/hex";
import type { PeerAddress } from "../../lib/mod.ts";
import { joined } from "../core/wire/feeding.ts";

export { joined };

/** Default time for an answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 60_000;

const HANDSHAKE_LENGTH = 68;

/** A message; a keep-alive has no id. */
export interface Frame {
  readonly id: number | undefined;
  readonly payload: Uint8Array;
}

export class RawPeer implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #timeoutMs: number;
  #received = new Uint8Array(0);
  /** A read whose wait timed out; the next read continues it. */
  #reading: Promise<boolean> | undefined;

  /** @param timeoutMs Time for an answer, in milliseconds. */
  constructor(connection: Deno.TcpConn, timeoutMs = ANSWER_TIMEOUT_MS) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    connection.setNoDelay(true);
  }

  static async dial(address: PeerAddress): Promise<RawPeer> {
    return new RawPeer(await Deno.connect(address));
  }

  /** Writes all bytes. A closed connection drops them silently. */
  async write(...parts: (Uint8Array | readonly number[])[]): Promise<void> {
    let bytes = joined(...parts);
    try {
      while (bytes.length > 0) {
        bytes = bytes.subarray(await this.#connection.write(bytes));
      }
    } catch (error) {
      if (!isClosing(error)) throw error;
    }
  }

  /** Waits for `length` bytes; `undefined` if the connection ends before. */
  async take(length: number): Promise<Uint8Array | undefined> {
    while (this.#received.length < length) {
      if (!await deadline(this.#receive(), this.#timeoutMs)) return undefined;
    }
    const taken = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return taken;
  }

  async takeHandshake(): Promise<Uint8Array | undefined> {
    return await this.take(HANDSHAKE_LENGTH);
  }

  /** The next message; `undefined` if the connection ends before. */
  async takeFrame(): Promise<Frame | undefined> {
    const prefix = await this.take(4);
    if (prefix === undefined) return undefined;
    const length = new DataView(prefix.buffer).getUint32(0);
    const frame = await this.take(length);
    return frame && { id: frame[0], payload: frame.subarray(1) };
  }

  /** The payload of the next message with this id; others are skipped. `undefined` if the connection ends before. */
  async takeFrameOf(id: number): Promise<Uint8Array | undefined> {
    for (;;) {
      const frame = await this.takeFrame();
      if (frame === undefined || frame.id === id) return frame?.payload;
    }
  }

  /** Waits for the end of the connection, whatever comes before it. */
  async closed(timeoutMs: number = this.#timeoutMs): Promise<void> {
    await deadline(this.#drain(), timeoutMs);
  }

  /** Closes the sending half, and goes on reading. */
  async finish(): Promise<void> {
    await this.#connection.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #drain(): Promise<void> {
    while (await this.#receive()) this.#received = new Uint8Array(0);
  }

  #receive(): Promise<boolean> {
    return this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
  }

  /** Waits for more bytes; false at the end of the connection. */
  async #read(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    try {
      const count = await this.#connection.read(buffer);
      if (count === null) return false;
      this.#received = joined(this.#received, buffer.subarray(0, count));
      return true;
    } catch (error) {
      if (!isClosing(error)) throw error;
      return false;
    }
  }
}

/** The reserved bytes of a peer that speaks the fast extension and the extension protocol. */
export const EXTENSION_BITS = [0, 0, 0, 0, 0, 0x10, 0, 0x04];

/** A handshake; without reserved bytes, of a peer that speaks BEP 3 alone. */
export function handshake(
  infoHash: string,
  peerId: string,
  reserved: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0],
): Uint8Array {
  return joined(
    [19],
    new TextEncoder().encode("BitTorrent protocol"),
    reserved,
    decodeHex(infoHash),
    decodeHex(peerId),
  );
}

/** A peer id of one repeated byte, in hex. */
export function peerIdOf(byte: number): string {
  return byte.toString(16).padStart(2, "0").repeat(20);
}

/** A message: length prefix, id, payload. */
export function frame(
  id: number,
  ...payload: (Uint8Array | readonly number[])[]
): Uint8Array {
  const bytes = joined([id], ...payload);
  return joined(uint32(bytes.length), bytes);
}

/** Big-endian 32-bit numbers. */
export function uint32(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => view.setUint32(index * 4, value));
  return new Uint8Array(view.buffer);
}

function isClosing(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.BadResource;
}
