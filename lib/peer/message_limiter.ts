/**
 * Limits the CPU time that one peer's messages can cost: a token bucket in which
 * each message costs about what its handling takes, in units of a `have`. A peer
 * that exceeds it is not read for a while, so that its messages wait in its own
 * memory. Blocks are free, because they were requested, and sending a block pays
 * for its request: a peer that exchanges content never comes near the limit.
 *
 * Measured: a peer that sends `have` without end took a whole core and delayed
 * timers for seconds; with the limit it takes less than a hundredth of a core.
 *
 * @module
 */
import { RateLimiter } from "../base/rate_limiter.ts";
import { MAX_METADATA_HEADER } from "../metadata/metadata_message.ts";
import { METADATA_ID } from "../wire/extended_handshake.ts";
import type { ExtendedMessage, Message } from "../wire/message.ts";

/** The burst is more requests than other clients keep in flight. */
const LIMIT = { perSecond: 4_000, burst: 16_000 };
/** Units handled in one turn, a few milliseconds' work; then other connections have a turn. */
const TURN_UNITS = 2_000;
/** A block of this length pays for its request, in bytes. */
const PAYING_LENGTH = 4096;

/** Bytes that cost one unit, measured. */
const BITFIELD_BYTES_PER_UNIT = 4;
const EXTENDED_BYTES_PER_UNIT = 8;
const UNKNOWN_BYTES_PER_UNIT = 1024;
/** Units that any message of the extension protocol costs. */
const EXTENDED_UNITS = 16;

/** The messages of one connection. */
export class MessageLimiter {
  readonly #limiter = new RateLimiter(LIMIT);
  #freeUnits: number;
  #turnUnits = 0;

  /** @param pieceCount Each piece may be announced once for free. */
  constructor(pieceCount: number) {
    this.#freeUnits = pieceCount;
  }

  get isTurnOver(): boolean {
    return this.#turnUnits >= TURN_UNITS;
  }

  /** A message was received. */
  take(message: Message): void {
    this.#turnUnits += costOf(message);
  }

  /** A block of `length` bytes was sent. */
  blockSent(length: number): void {
    this.#limiter.giveBack(Math.min(1, length / PAYING_LENGTH));
  }

  /** Begins a turn. Returns how long not to read from the peer before, in milliseconds. */
  nextTurn(nowMs: number): number {
    const freeUnits = Math.min(this.#freeUnits, this.#turnUnits);
    this.#freeUnits -= freeUnits;
    const waitMs = this.#limiter.take(this.#turnUnits - freeUnits, nowMs);
    this.#turnUnits = 0;
    return waitMs;
  }
}

/** The cost of a message, in units. */
function costOf(message: Message): number {
  switch (message.type) {
    case "piece":
      return message.block.length >= PAYING_LENGTH ? 0 : 1;
    case "bitfield":
      return 1 + message.bytes.length / BITFIELD_BYTES_PER_UNIT;
    case "extended":
      return EXTENDED_UNITS + decodedLength(message) / EXTENDED_BYTES_PER_UNIT;
    case "unknown":
      return 1 + message.length / UNKNOWN_BYTES_PER_UNIT;
    default:
      return 1;
  }
}

/** The bytes of a payload that are decoded. */
function decodedLength({ id, payload: { length } }: ExtendedMessage): number {
  return id === METADATA_ID ? Math.min(length, MAX_METADATA_HEADER) : length;
}
