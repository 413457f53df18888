/**
 * Answers requests for a torrent's metadata [BEP 9], from choked peers too. A peer
 * gets all of it twice, and a few pieces a second after that: a reconnecting peer
 * may begin again, and none can draw from us without end.
 *
 * @module
 */
import { RateLimiter } from "../base/rate_limiter.ts";
import {
  encodeMetadataMessage,
  METADATA_PIECE_LENGTH,
  type MetadataPayload,
  metadataPieceCount,
  parseMetadataMessage,
} from "./metadata_message.ts";

/** Copies of the metadata for each peer, and pieces a second after them. */
const COPIES = 2;
const PIECES_PER_SECOND = 4;

export class MetadataServer {
  readonly #info: Uint8Array;
  readonly #limiters = new WeakMap<WeakKey, RateLimiter>();

  /** @param info The raw info dictionary; it is not copied. */
  constructor(info: Uint8Array) {
    this.#info = info;
  }

  /** Length of the metadata, in bytes. */
  get length(): number {
    return this.#info.length;
  }

  /**
   * The reply to a message of a peer; `undefined` if it needs none.
   * @throws {ProtocolError} If it is malformed.
   */
  answer(
    peer: WeakKey,
    payload: Uint8Array,
    now: number,
  ): MetadataPayload | undefined {
    const message = parseMetadataMessage(payload);
    // Data that nobody requested is ignored.
    if (message?.type !== "request") return undefined;
    const { piece } = message;
    const start = piece * METADATA_PIECE_LENGTH;
    const isServed = start < this.length &&
      this.#limiterOf(peer).tryTake(1, now);
    if (!isServed) return encodeMetadataMessage({ type: "reject", piece });
    const bytes = this.#info.subarray(start, start + METADATA_PIECE_LENGTH);
    const totalLength = this.length;
    return encodeMetadataMessage({ type: "data", piece, totalLength, bytes });
  }

  #limiterOf(peer: WeakKey): RateLimiter {
    const burst = COPIES * metadataPieceCount(this.length);
    const limiter = this.#limiters.get(peer) ??
      new RateLimiter({ perSecond: PIECES_PER_SECOND, burst });
    this.#limiters.set(peer, limiter);
    return limiter;
  }
}
