/**
 * The network card of a host: blocks leave and arrive at its rates, one at a
 * time. Connections share an uplink by turns, as TCP connections would, and a
 * connection stops sending while too much of it is under way, so a slow receiver
 * does not hold up the others. Knows when, not what.
 *
 * @module
 */
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { BlockRange } from "../../lib/wire/message.ts";
import { Ring } from "./ring.ts";
import { Timer, type VirtualClock } from "./virtual_clock.ts";

/** What one direction of a connection has under way at most, in bytes: Linux lets a socket's buffers grow so far. */
const BYTES_UNDER_WAY = 4 * 1024 * 1024;

/** How fast and how far. */
export interface LinkOptions {
  /** Time that one block takes through the card, in milliseconds. */
  readonly msPerBlock: number;
  /** What a block stands for, in bytes. */
  readonly blockBytes: number;
  /** One way, in milliseconds. */
  readonly latencyMs: number;
}

/** Where the blocks of a channel arrive. */
export interface Receiver {
  /** A block has left the sender. */
  takeIn(channel: Channel, block: BlockRange): void;
}

/** One direction of one connection. */
export class Channel {
  readonly key: PeerKey;
  readonly sender: Uplink;
  readonly receiver: Receiver;
  readonly queue: Ring<BlockRange> = new Ring();
  blocksUnderWay = 0;
  isOpen = true;
  /** Whether it waits for its turn at the uplink. */
  isInTurn = false;

  constructor(key: PeerKey, sender: Uplink, receiver: Receiver) {
    this.key = key;
    this.sender = sender;
    this.receiver = receiver;
  }

  /** Drops what has not arrived. */
  close(): void {
    this.isOpen = false;
    this.queue.clear();
  }
}

/** What a host receives by. */
export class Downlink {
  readonly #options: LinkOptions;
  #busyUntil = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** When a block that leaves its sender now is all here, behind what arrives already. */
  arrival(now: number): number {
    const { latencyMs, msPerBlock } = this.#options;
    this.#busyUntil = Math.max(this.#busyUntil, now + latencyMs) + msPerBlock;
    return this.#busyUntil;
  }
}

/** What a host sends by. */
export class Uplink {
  readonly #clock: VirtualClock;
  readonly #msPerBlock: number;
  readonly #maxUnderWay: number;
  readonly #onSent: (channel: Channel) => void;
  /** The channels with something to send, in the order of their turns. */
  readonly #turns: Ring<Channel> = new Ring();
  /** What leaves just now. */
  #channel: Channel | undefined;
  #block: BlockRange | undefined;
  readonly #timer: Timer;
  #isStopped = false;

  /** @param onSent Told of each block that has left. */
  constructor(
    clock: VirtualClock,
    options: LinkOptions,
    onSent: (channel: Channel) => void,
  ) {
    this.#clock = clock;
    this.#msPerBlock = options.msPerBlock;
    this.#maxUnderWay = Math.max(
      2,
      Math.floor(BYTES_UNDER_WAY / options.blockBytes),
    );
    this.#onSent = onSent;
    this.#timer = new Timer(clock, () => this.#left());
  }

  send(channel: Channel, block: BlockRange): void {
    if (!channel.isOpen) return;
    channel.queue.push(block);
    this.#line(channel);
  }

  /** A block of the channel has arrived. */
  arrived(channel: Channel): void {
    channel.blocksUnderWay--;
    this.#line(channel);
  }

  /** Sends nothing more until {@linkcode start}. */
  stop(): void {
    this.#isStopped = true;
  }

  start(): void {
    this.#isStopped = false;
    this.#next();
  }

  #line(channel: Channel): void {
    if (
      channel.isInTurn || channel.queue.length === 0 ||
      channel.blocksUnderWay >= this.#maxUnderWay
    ) return;
    channel.isInTurn = true;
    this.#turns.push(channel);
    if (this.#block === undefined) this.#next();
  }

  #next(): void {
    if (this.#block !== undefined || this.#isStopped) return;
    for (;;) {
      const channel = this.#turns.shift();
      if (channel === undefined) return;
      channel.isInTurn = false;
      const block = channel.queue.shift();
      if (block === undefined) continue; // Closed while it waited.
      this.#channel = channel;
      this.#block = block;
      channel.blocksUnderWay++;
      this.#timer.set(this.#clock.now + this.#msPerBlock);
      return;
    }
  }

  #left(): void {
    const channel = this.#channel!;
    const block = this.#block!;
    this.#block = undefined;
    this.#line(channel);
    if (channel.isOpen) {
      channel.receiver.takeIn(channel, block);
      this.#onSent(channel);
    }
    this.#next();
  }
}
