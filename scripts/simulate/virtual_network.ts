/**
 * The network between the hosts of a virtual LAN: the time, the messages and blocks in
 * flight, and the turns in which hosts read them. Nearly all messages are haves and
 * requests, which are kept as numbers; the others are kept beside them.
 *
 * @module
 */
import type { Geometry } from "../../lib/metainfo/geometry.ts";
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { Message } from "../../lib/wire/message.ts";
import { Mailboxes } from "./mailboxes.ts";
import { Timer, VirtualClock } from "./virtual_clock.ts";
import type { Downlink, QueuedBlock } from "./virtual_link.ts";

export class VirtualNetwork {
  readonly clock = new VirtualClock();
  readonly geometry: Geometry;
  /** Latency, one way. */
  readonly latencyMs: number;
  readonly turnMs: number;
  readonly turns: Turns;
  readonly #blockBytes: number;
  readonly #messages: MessageQueue;
  readonly #blocks = new Mailboxes();
  readonly #msPerBlock: number[] = [];

  constructor({ geometry, blockBytes, latencyMs, turnMs }: {
    readonly geometry: Geometry;
    /** Bytes that a block stands for. */
    readonly blockBytes: number;
    /** Latency, one way. */
    readonly latencyMs: number;
    /** The least time between two turns of a host. */
    readonly turnMs: number;
  }) {
    this.#blockBytes = blockBytes;
    this.geometry = geometry;
    this.latencyMs = latencyMs;
    this.turnMs = turnMs;
    this.#messages = new MessageQueue(geometry);
    this.turns = new Turns(this.clock, turnMs);
  }

  add({ onTurn, msPerBlock }: {
    /** Reads its messages and blocks. */
    readonly onTurn: () => void;
    /** Time that a block takes through its link. */
    readonly msPerBlock: number;
  }): number {
    this.#messages.open();
    this.#blocks.open();
    this.#msPerBlock.push(msPerBlock);
    return this.turns.add(onTurn);
  }

  /** The time that a block takes at a rate. */
  msPerBlock(bytesPerSecond: number): number {
    return this.#blockBytes * 1000 / bytesPerSecond;
  }

  send(to: number, key: PeerKey, message: Message): void {
    const at = this.clock.now + this.latencyMs;
    this.#messages.send(to, at, key, message);
    this.turns.wake(to, at);
  }

  /** Sends a block, which leaves its sender at a time, perhaps in the future. */
  carry({ far, key, block }: QueuedBlock, leavesAt: number): void {
    this.#blocks.push(far, leavesAt, key, block);
    // It cannot arrive sooner.
    this.turns.wake(far, leavesAt + this.latencyMs + this.#msPerBlock[far]!);
  }

  /** Delivers the messages that have arrived at a host. */
  deliverMessages(
    to: number,
    take: (key: PeerKey, message: Message) => void,
  ): void {
    this.#messages.deliver(to, this.clock.now, take);
  }

  /** Delivers all blocks in flight to a host, in any order. */
  deliverBlocks(to: number, downlink: Downlink): void {
    this.#blocks.drain(to, Infinity, (key, block, leftAt) => {
      downlink.add(leftAt, { far: to, key, block });
    });
  }

  /** The arrival of the next message to a host; `Infinity` if none is in flight. */
  nextMessageAt(to: number): number {
    return this.#messages.firstAt(to);
  }
}

/** The number of a message that is kept beside. */
const OTHER = -1;

export class MessageQueue {
  readonly #geometry: Geometry;
  readonly #boxes = new Mailboxes();
  readonly #others: Message[][] = [];
  /** One object for each have. */
  readonly #haves: Message[];

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
    this.#haves = Array.from(
      { length: geometry.pieceCount },
      (_, index) => ({ type: "have", index }),
    );
  }

  open(): number {
    this.#others.push([]);
    return this.#boxes.open();
  }

  /** The arrival of the first message to a host; `Infinity` if there is none. */
  firstAt(number: number): number {
    return this.#boxes.firstAt(number);
  }

  send(number: number, at: number, key: PeerKey, message: Message): void {
    this.#boxes.push(number, at, key, this.#code(number, message));
  }

  /** Delivers the messages that have arrived at a host, in order. */
  deliver(
    number: number,
    now: number,
    take: (key: PeerKey, message: Message) => void,
  ): void {
    this.#boxes.drain(number, now, (key, code) => {
      take(key, this.#decode(number, code));
    });
  }

  #code(number: number, message: Message): number {
    if (message.type === "have") return message.index;
    if (message.type === "request") {
      const { index, offsetInPiece } = message;
      const id = this.#geometry.blockIdAt(index, offsetInPiece)!;
      return this.#haves.length + id;
    }
    this.#others[number]!.push(message);
    return OTHER;
  }

  #decode(number: number, code: number): Message {
    if (code === OTHER) return this.#others[number]!.shift()!;
    const have = this.#haves[code];
    if (have !== undefined) return have;
    const id = code - this.#haves.length;
    const { index, offsetInPiece, length } = this.#geometry.blockRange(id);
    return { type: "request", index, offsetInPiece, length };
  }
}

/** The turns of all hosts, by the number of the host. */
export class Turns {
  readonly #clock: VirtualClock;
  readonly #turnMs: number;
  /** The earliest time of each host's next turn, and the planned one. */
  readonly #earliest: number[] = [];
  readonly #next: number[] = [];
  readonly #timers: Timer[] = [];

  /** @param turnMs The least time between two turns of a host. */
  constructor(clock: VirtualClock, turnMs: number) {
    this.#clock = clock;
    this.#turnMs = turnMs;
  }

  /** Adds a host whose turn is `run`. Returns its number, from 0. */
  add(run: () => void): number {
    const number = this.#timers.length;
    this.#timers.push(
      new Timer(this.#clock, () => {
        this.#earliest[number] = this.#clock.now + this.#turnMs;
        this.#next[number] = Infinity;
        run();
      }),
    );
    this.#earliest.push(-Infinity);
    this.#next.push(Infinity);
    return number;
  }

  /** Plans a turn of a host at a time, or as soon after as it may. */
  wake(number: number, at: number): void {
    const turnAt = Math.max(at, this.#earliest[number]!);
    if (turnAt >= this.#next[number]!) return;
    this.#next[number] = turnAt;
    this.#timers[number]!.set(turnAt);
  }
}
