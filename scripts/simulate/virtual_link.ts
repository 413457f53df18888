/**
 * The link of a host: blocks leave and arrive at its rates, one at a time. Connections
 * share an uplink by turns, as TCP connections would. Blocks in flight to a slow receiver
 * wait on its side, as in the buffers of a socket: a request window is smaller than
 * those. Knows times, not content.
 *
 * @module
 */
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { BlockRange } from "../../lib/wire/message.ts";

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

/** Receives a block that has left or arrived, and the time. */
export type TakeBlock = (block: QueuedBlock, at: number) => void;

export class Uplink {
  readonly #msPerBlock: number;
  /** Queued blocks, by turns. */
  readonly #queue = new BlockQueue();
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
    return this.#queue.isEmpty ? Infinity : this.#leavesAt;
  }

  /** Queues a block, by its id. */
  send(channel: Channel, block: number, now: number): void {
    if (!channel.isOpen) return;
    const wasIdle = this.#queue.isEmpty;
    channel.turn = Math.max(channel.turn, this.#turn) + 1;
    const { key, to: far } = channel;
    this.#queue.add(channel.turn, { far, key, block });
    if (wasIdle) this.#begin(Math.max(now, this.#freeAt));
  }

  /** Drops the blocks that have not left. */
  close(channel: Channel, now: number): void {
    channel.isOpen = false;
    this.#queue.remove(channel.key);
    if (!this.#queue.isEmpty && this.#queue.firstOrder !== this.#turn) {
      this.#begin(Math.max(now, this.#freeAt));
    }
  }

  /** No block left until now: the host was suspended. */
  delay(now: number): void {
    this.#leavesAt = Math.max(this.#leavesAt, now);
  }

  /** Delivers the blocks that leave until a time, in order. */
  advance(until: number, take: TakeBlock): void {
    while (!this.#queue.isEmpty && this.#leavesAt <= until) {
      const block = this.#queue.shift();
      const at = this.#leavesAt;
      this.#freeAt = at;
      if (!this.#queue.isEmpty) this.#begin(at);
      take(block, at);
    }
  }

  #begin(at: number): void {
    this.#turn = this.#queue.firstOrder;
    this.#leavesAt = at + this.#msPerBlock;
  }
}

/** Receives the blocks of a host, in the order in which they left their senders. */
export class Downlink {
  readonly #latencyMs: number;
  /** Time that one block takes through the link. */
  readonly msPerBlock: number;
  /** Blocks in flight, by the times at which they left. */
  readonly #queue = new BlockQueue();
  #busyUntil = 0;

  /** @param options Times. */
  constructor(options: { latencyMs: number; msPerBlock: number }) {
    this.#latencyMs = options.latencyMs;
    this.msPerBlock = options.msPerBlock;
  }

  /** The time at which the next block has arrived, as far as known; `Infinity` if none is in flight. */
  get nextAt(): number {
    if (this.#queue.isEmpty) return Infinity;
    const startsAt = this.#queue.firstOrder + this.#latencyMs;
    return Math.max(this.#busyUntil, startsAt) + this.msPerBlock;
  }

  /** Adds a block that left its sender, or will leave it. */
  add(leftAt: number, block: QueuedBlock): void {
    this.#queue.add(leftAt, block);
  }

  /** Delivers the blocks that have arrived, in order. */
  drain(now: number, take: TakeBlock): void {
    for (let at = this.nextAt; at <= now; at = this.nextAt) {
      this.#busyUntil = at;
      take(this.#queue.shift(), at);
    }
  }
}

/** A queued block. */
export interface QueuedBlock {
  /** The number of the host at the other end. */
  readonly far: number;
  /** The key of the connection. */
  readonly key: number;
  /** The block's id. */
  readonly block: number;
}

/** A sorted queue; equals stay in the order of insertion. */
export class BlockQueue {
  #items: { readonly order: number; readonly block: QueuedBlock }[] = [];

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** The order of the first item. The queue must not be empty. */
  get firstOrder(): number {
    return this.#items[0]!.order;
  }

  add(order: number, block: QueuedBlock): void {
    const items = this.#items;
    const item = { order, block };
    let place = items.push(item) - 1;
    for (; place > 0 && items[place - 1]!.order > order; place--) {
      items[place] = items[place - 1]!;
    }
    items[place] = item;
  }

  /** Removes the first item. The queue must not be empty. */
  shift(): QueuedBlock {
    return this.#items.shift()!.block;
  }

  /** Removes all items of a connection. */
  remove(key: number): void {
    this.#items = this.#items.filter(({ block }) => block.key !== key);
  }
}
