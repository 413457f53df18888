/**
 * The network card of a host: bytes leave and arrive at its rates, one block at
 * a time. Connections share an uplink by turns, as TCP connections would, and a
 * connection stops sending while too much of it is under way, so a slow receiver
 * does not hold up the others. Knows lengths, not contents.
 *
 * @module
 */
import type { VirtualClock } from "./virtual_clock.ts";

/** What one direction of a connection has under way at most, in bytes: Linux lets a socket's buffers grow so far. */
const BYTES_UNDER_WAY = 4 * 1024 * 1024;

/** Something that takes up the link. */
export interface Load {
  /** In bytes. */
  readonly length: number;
  /** It has left the sender. */
  readonly onSent: () => void;
  /** It has reached the receiver. */
  readonly onReceived: () => void;
}

/** One direction of one connection. */
export class Channel {
  readonly receiver: Downlink;
  readonly latencyMs: number;
  readonly queue: Load[] = [];
  bytesUnderWay = 0;
  isOpen = true;
  /** Whether it waits for its turn at the uplink. */
  isInTurn = false;

  constructor(receiver: Downlink, latencyMs: number) {
    this.receiver = receiver;
    this.latencyMs = latencyMs;
  }

  get mayGo(): boolean {
    return this.queue.length > 0 && this.bytesUnderWay < BYTES_UNDER_WAY;
  }

  /** Drops what has not arrived. */
  close(): void {
    this.isOpen = false;
    this.queue.length = 0;
  }
}

/** What a host receives by. */
export class Downlink {
  readonly #clock: VirtualClock;
  readonly #bytesPerSecond: number;
  #busyUntil = 0;

  constructor(clock: VirtualClock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Takes in so many bytes behind what arrives already, then calls. */
  take(length: number, onTaken: () => void): void {
    const { now } = this.#clock;
    this.#busyUntil = Math.max(this.#busyUntil, now) +
      length * 1000 / this.#bytesPerSecond;
    this.#clock.after(this.#busyUntil - now, onTaken);
  }
}

/** What a host sends by. */
export class Uplink {
  readonly #clock: VirtualClock;
  readonly #bytesPerSecond: number;
  /** The channels with something to send, in the order of their turns. */
  readonly #turns: Channel[] = [];
  #isBusy = false;
  #isStopped = false;

  constructor(clock: VirtualClock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  send(channel: Channel, load: Load): void {
    if (!channel.isOpen) return;
    channel.queue.push(load);
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
    if (channel.isInTurn || !channel.mayGo) return;
    channel.isInTurn = true;
    this.#turns.push(channel);
    this.#next();
  }

  #next(): void {
    if (this.#isBusy || this.#isStopped) return;
    const channel = this.#turns.shift();
    if (channel === undefined) return;
    channel.isInTurn = false;
    const load = channel.queue.shift();
    if (load === undefined) return this.#next(); // Closed while it waited.
    this.#isBusy = true;
    channel.bytesUnderWay += load.length;
    this.#clock.after(load.length * 1000 / this.#bytesPerSecond, () => {
      this.#isBusy = false;
      this.#line(channel);
      this.#travel(channel, load);
      if (channel.isOpen) load.onSent();
      this.#next();
    });
  }

  #travel(channel: Channel, load: Load): void {
    this.#clock.after(channel.latencyMs, () => {
      if (!channel.isOpen) return;
      channel.receiver.take(load.length, () => {
        channel.bytesUnderWay -= load.length;
        if (!channel.isOpen) return;
        this.#line(channel);
        load.onReceived();
      });
    });
  }
}
