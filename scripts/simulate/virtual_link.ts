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
  readonly #msPerBlock: number;
  /** Blocks in flight, by the times at which they left. */
  readonly #queue = new BlockQueue();
  #busyUntil = 0;

  /** @param options Times. */
  constructor(options: { latencyMs: number; msPerBlock: number }) {
    this.#latencyMs = options.latencyMs;
    this.#msPerBlock = options.msPerBlock;
  }

  /** The time at which the next block has arrived, as far as known; `Infinity` if none is in flight. */
  get nextAt(): number {
    if (this.#queue.isEmpty) return Infinity;
    const startsAt = this.#queue.firstOrder + this.#latencyMs;
    return Math.max(this.#busyUntil, startsAt) + this.#msPerBlock;
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

/** Numbers of one item: its order, the host and the key at the other end, the block. */
const ITEM = 4;
const FIRST_CAPACITY = 16 * ITEM;

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
  #items = new Float64Array(FIRST_CAPACITY);
  #start = 0;
  #end = 0;

  get isEmpty(): boolean {
    return this.#start === this.#end;
  }

  /** The order of the first item. The queue must not be empty. */
  get firstOrder(): number {
    return this.#items[this.#start]!;
  }

  add(order: number, { far, key, block }: QueuedBlock): void {
    if (this.#end === this.#items.length) this.#makeRoom();
    const items = this.#items;
    let place = this.#end;
    while (place > this.#start && items[place - ITEM]! > order) place -= ITEM;
    if (place < this.#end) items.copyWithin(place + ITEM, place, this.#end);
    items[place] = order;
    items[place + 1] = far;
    items[place + 2] = key;
    items[place + 3] = block;
    this.#end += ITEM;
  }

  /** Removes the first item. The queue must not be empty. */
  shift(): QueuedBlock {
    const items = this.#items;
    const place = this.#start;
    this.#start += ITEM;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    return {
      far: items[place + 1]!,
      key: items[place + 2]!,
      block: items[place + 3]!,
    };
  }

  /** Removes all items of a connection. */
  remove(key: number): void {
    const items = this.#items;
    let end = this.#start;
    for (let place = this.#start; place < this.#end; place += ITEM) {
      if (items[place + 2] === key) continue;
      items.copyWithin(end, place, place + ITEM);
      end += ITEM;
    }
    this.#end = end;
  }

  #makeRoom(): void {
    const { length } = this.#items;
    const items = this.#start > length / 2
      ? this.#items
      : new Float64Array(2 * length);
    items.set(this.#items.subarray(this.#start, this.#end));
    this.#end -= this.#start;
    this.#start = 0;
    this.#items = items;
  }
}
