/**
 * The link of a host: blocks leave and arrive at its rates, one at a time. Connections
 * share an uplink by turns, as TCP connections would. Blocks in flight to a slow receiver
 * wait on its side, as in the buffers of a socket: a request window is smaller than
 * those. Knows times, not content.
 */
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { BlockRange } from "../../lib/wire/message.ts";
import { DueQueue } from "./due_queue.ts";

/** A gigabit a second, in bytes a second. */
export const GIGABIT = 125_000_000;

export interface Channel {
  readonly key: PeerKey;
  /** The receiving host's number. */
  readonly to: number;
  /** Chooses the blocks that arrive corrupt; `undefined` for none. */
  readonly isCorrupt: ((block: BlockRange) => boolean) | undefined;
  isOpen: boolean;
  /** For the uplink: the last turn that it gave to this channel. */
  turn: number;
}

export interface QueuedBlock {
  /** Its place in the order: an uplink's turn, or the time at which it left. */
  readonly at: number;
  /** The number of the host at the other end. */
  readonly far: number;
  readonly key: PeerKey;
  readonly block: number;
}

/** Receives a block that has left or arrived, and the time. */
export type TakeBlock = (block: QueuedBlock, at: number) => void;

export class Uplink {
  readonly #msPerBlock: number;
  readonly #queue = new DueQueue<QueuedBlock>();
  /** The turn of the block that leaves next, and the time at which all of it has left. */
  #turn = 0;
  #leavesAt = 0;
  /** The time at which the last block had left. */
  #freeAt = 0;

  /** @param msPerBlock Time that one block takes through the link. */
  constructor(msPerBlock: number) {
    this.#msPerBlock = msPerBlock;
  }

  /** The time at which the next block leaves; `Infinity` if there is none. */
  get nextAt(): number {
    return this.#isIdle ? Infinity : this.#leavesAt;
  }

  get #isIdle(): boolean {
    return this.#queue.firstAt === Infinity;
  }

  send(channel: Channel, block: number, now: number): void {
    if (!channel.isOpen) return;
    const wasIdle = this.#isIdle;
    channel.turn = Math.max(channel.turn, this.#turn) + 1;
    const { key, to: far, turn: at } = channel;
    this.#queue.push({ at, far, key, block });
    if (wasIdle) this.#begin(Math.max(now, this.#freeAt));
  }

  /** Drops the blocks that have not left. */
  close(channel: Channel, now: number): void {
    channel.isOpen = false;
    this.#queue.filter(({ key }) => key !== channel.key);
    if (!this.#isIdle && this.#queue.firstAt !== this.#turn) {
      this.#begin(Math.max(now, this.#freeAt));
    }
  }

  /** No block left until now: the host was suspended. */
  delay(now: number): void {
    this.#leavesAt = Math.max(this.#leavesAt, now);
  }

  /** Delivers the blocks that leave until a time, in order. */
  advance(until: number, take: TakeBlock): void {
    while (this.nextAt <= until) {
      const block = this.#queue.take(Infinity)!;
      const at = this.#leavesAt;
      this.#freeAt = at;
      if (!this.#isIdle) this.#begin(at);
      take(block, at);
    }
  }

  #begin(at: number): void {
    this.#turn = this.#queue.firstAt;
    this.#leavesAt = at + this.#msPerBlock;
  }
}

/** Receives the blocks of a host, in the order in which they left their senders. */
export class Downlink {
  readonly #latencyMs: number;
  /** Time that one block takes through the link. */
  readonly msPerBlock: number;
  /** Blocks in flight, by the times at which they left. */
  readonly #queue = new DueQueue<QueuedBlock>();
  #busyUntil = 0;

  constructor(options: { latencyMs: number; msPerBlock: number }) {
    this.#latencyMs = options.latencyMs;
    this.msPerBlock = options.msPerBlock;
  }

  /** The time at which the next block has arrived, as far as known; `Infinity` if none is in flight. */
  get nextAt(): number {
    const startsAt = this.#queue.firstAt + this.#latencyMs;
    return Math.max(this.#busyUntil, startsAt) + this.msPerBlock;
  }

  /** Adds a block that left its sender, or will leave it. */
  add(block: QueuedBlock): void {
    this.#queue.push(block);
  }

  /** Delivers the blocks that have arrived, in order. */
  drain(now: number, take: TakeBlock): void {
    for (let at = this.nextAt; at <= now; at = this.nextAt) {
      this.#busyUntil = at;
      take(this.#queue.take(Infinity)!, at);
    }
  }
}
