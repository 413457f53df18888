/**
 * What one peer may have us do by talking. Each message costs about as much as it
 * takes to handle, in that of a `have`; who has spent too much is not listened to
 * for a while, so that its words wait in its own memory and not in ours. Content
 * is free, for it is bounded by what was asked for, and pays for the requests
 * beside it: whoever gives and takes content never comes near the bound.
 *
 * Measured: a peer that says `have` without end took a core and kept timers
 * waiting for seconds; now it takes less than a hundredth of one.
 *
 * @module
 */
import type { Message } from "../wire/message.ts";

/** What a peer earns in a second by being there, in units. */
const UNITS_PER_SECOND = 4_000;
/** What it may save up, in units: more requests than other clients keep on order. */
const MOST_SAVED_UNITS = 16_000;
/** Units spent in one turn, then it is the turn of others: a few milliseconds' work. */
const TURN_UNITS = 2_000;

/** A block of so many bytes pays for its request. */
const PAYING_LENGTH = 4096;

/** Bytes that cost one unit, by measurement. */
const BITFIELD_BYTES_PER_UNIT = 4;
const EXTENDED_BYTES_PER_UNIT = 8;
const UNKNOWN_BYTES_PER_UNIT = 1024;
/** What any message of the extension protocol costs. */
const EXTENDED_UNITS = 16;

/** The account of one connection. */
export class PeerBudget {
  #units: number;
  #turnUnits = 0;
  #updatedAt: number;

  /** @param options `pieceCount`: each piece may be announced once for nothing. */
  constructor(options: { pieceCount: number; now: number }) {
    this.#units = MOST_SAVED_UNITS + options.pieceCount;
    this.#updatedAt = options.now;
  }

  /** Whether the turn is over. */
  get isTurnOver(): boolean {
    return this.#turnUnits >= TURN_UNITS;
  }

  /** The peer said something. */
  spend(message: Message): void {
    const units = costOf(message);
    this.#units -= units;
    this.#turnUnits += units;
  }

  /** A block of so many bytes was sent to it: what it asked for that is paid. */
  earn(length: number): void {
    this.#units += Math.min(1, length / PAYING_LENGTH);
  }

  /** Begins another turn. Returns how long the peer is not to be listened to before, in milliseconds. */
  nextTurn(now: number): number {
    this.#turnUnits = 0;
    const earned = (now - this.#updatedAt) * UNITS_PER_SECOND / 1000;
    this.#updatedAt = now;
    // What it was given at the start it keeps until it is spent.
    if (this.#units < MOST_SAVED_UNITS) {
      this.#units = Math.min(MOST_SAVED_UNITS, this.#units + earned);
    }
    return this.#units >= 0 ? 0 : -this.#units * 1000 / UNITS_PER_SECOND;
  }
}

/** What a message takes to handle, in units. */
function costOf(message: Message): number {
  switch (message.type) {
    case "piece":
      return message.block.length >= PAYING_LENGTH ? 0 : 1;
    case "bitfield":
      return 1 + message.bytes.length / BITFIELD_BYTES_PER_UNIT;
    case "extended":
      return EXTENDED_UNITS + message.payload.length / EXTENDED_BYTES_PER_UNIT;
    case "unknown":
      return 1 + message.length / UNKNOWN_BYTES_PER_UNIT;
    default:
      return 1;
  }
}
