/**
 * The network card of a host: blocks leave and arrive at its rates, one at a
 * time. Connections share an uplink by turns, as TCP connections would. What is
 * under way to a slow receiver waits on its side, as in the buffers of a socket:
 * a request window is smaller than those. Knows when, not what.
 *
 * @module
 */
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { BlockRange } from "../../lib/wire/message.ts";
import { type LinedUp, Lineup } from "./lineup.ts";

/** One direction of one connection. */
export interface Channel {
  readonly key: PeerKey;
  /** The receiving host's number. */
  readonly to: number;
  /** Which blocks come out wrong; `undefined`: none. */
  readonly isWrong: ((block: BlockRange) => boolean) | undefined;
  isOpen: boolean;
  /** The uplink's: the last turn that was given to it. */
  turn: number;
}

/** Takes a block that has left or arrived, and when that was, in milliseconds. */
export type TakeBlock = (block: LinedUp, at: number) => void;

/** What a host sends by. */
export class Uplink {
  readonly #msPerBlock: number;
  /** What is to be sent, by turns. */
  readonly #line = new Lineup();
  /** The turn of the block that leaves next, and when that is all gone. */
  #turn = 0;
  #leavesAt = 0;
  /** When the last one had left. */
  #freeAt = 0;

  /** @param msPerBlock Time that one block takes through the card, in milliseconds. */
  constructor(msPerBlock: number) {
    this.#msPerBlock = msPerBlock;
  }

  /** When the next block leaves; `Infinity` if there is none. */
  get nextAt(): number {
    return this.#line.isEmpty ? Infinity : this.#leavesAt;
  }

  /** Sends a block, by its id, from now on. */
  send(channel: Channel, block: number, now: number): void {
    if (!channel.isOpen) return;
    const wasIdle = this.#line.isEmpty;
    channel.turn = Math.max(channel.turn, this.#turn) + 1;
    const { key, to: far } = channel;
    this.#line.add(channel.turn, { far, key, block });
    if (wasIdle) this.#begin(Math.max(now, this.#freeAt));
  }

  /** Drops what has not arrived. */
  close(channel: Channel, now: number): void {
    channel.isOpen = false;
    this.#line.remove(channel.key);
    if (!this.#line.isEmpty && this.#line.firstOrder !== this.#turn) {
      this.#begin(Math.max(now, this.#freeAt));
    }
  }

  /** Nothing left until now: the host stood still. */
  delay(now: number): void {
    this.#leavesAt = Math.max(this.#leavesAt, now);
  }

  /** Hands out what leaves until a moment, in order. */
  advance(until: number, take: TakeBlock): void {
    while (!this.#line.isEmpty && this.#leavesAt <= until) {
      const block = this.#line.shift();
      const at = this.#leavesAt;
      this.#freeAt = at;
      if (!this.#line.isEmpty) this.#begin(at);
      take(block, at);
    }
  }

  #begin(at: number): void {
    this.#turn = this.#line.firstOrder;
    this.#leavesAt = at + this.#msPerBlock;
  }
}

/** What a host receives by: blocks in the order in which they left their senders. */
export class Downlink {
  readonly #latencyMs: number;
  readonly #msPerBlock: number;
  /** What is on its way, by the moments when it left. */
  readonly #line = new Lineup();
  #busyUntil = 0;

  /** @param options Times in milliseconds. */
  constructor(options: { latencyMs: number; msPerBlock: number }) {
    this.#latencyMs = options.latencyMs;
    this.#msPerBlock = options.msPerBlock;
  }

  /** When the next block is all here, as far as is known; `Infinity` if none is on its way. */
  get nextAt(): number {
    if (this.#line.isEmpty) return Infinity;
    const startsAt = this.#line.firstOrder + this.#latencyMs;
    return Math.max(this.#busyUntil, startsAt) + this.#msPerBlock;
  }

  /** A block left its sender, or is to leave it. */
  add(leftAt: number, block: LinedUp): void {
    this.#line.add(leftAt, block);
  }

  /** Takes out what is all here, in order. */
  drain(now: number, take: TakeBlock): void {
    for (let at = this.nextAt; at <= now; at = this.nextAt) {
      this.#busyUntil = at;
      take(this.#line.shift(), at);
    }
  }
}
