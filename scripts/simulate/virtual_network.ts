/**
 * The network between the hosts of a virtual LAN: the time,
 * the messages and blocks in flight, and the turns in which hosts read them.
 *
 * @module
 */
import type { Geometry } from "../../lib/metainfo/geometry.ts";
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { Message } from "../../lib/wire/message.ts";
import { Mailboxes } from "./mailboxes.ts";
import { MessageQueue } from "./message_queue.ts";
import { Turns } from "./turns.ts";
import { VirtualClock } from "./virtual_clock.ts";
import type { QueuedBlock } from "./block_queue.ts";
import type { Downlink } from "./virtual_link.ts";

/** Options of a network. */
export interface NetworkOptions {
  readonly geometry: Geometry;
  /** Bytes that a block stands for. */
  readonly blockBytes: number;
  /** Latency, one way, in milliseconds. */
  readonly latencyMs: number;
  /** The least time between two turns of a host, in milliseconds. */
  readonly turnMs: number;
}

/** A host as the network knows it. */
export interface NetworkHost {
  /** Reads its messages and blocks. */
  readonly onTurn: () => void;
  /** Time that a block takes through its link, in milliseconds. */
  readonly msPerBlock: number;
}

/** Carries messages and blocks. */
export class VirtualNetwork {
  readonly clock = new VirtualClock();
  readonly geometry: Geometry;
  /** Latency, one way, in milliseconds. */
  readonly latencyMs: number;
  readonly turnMs: number;
  readonly turns: Turns;
  readonly #blockBytes: number;
  readonly #messages: MessageQueue;
  readonly #blocks = new Mailboxes();
  readonly #msPerBlock: number[] = [];

  constructor({ geometry, blockBytes, latencyMs, turnMs }: NetworkOptions) {
    this.#blockBytes = blockBytes;
    this.geometry = geometry;
    this.latencyMs = latencyMs;
    this.turnMs = turnMs;
    this.#messages = new MessageQueue(geometry);
    this.turns = new Turns(this.clock, turnMs);
  }

  /** Adds a host. Returns its number, from 0. */
  add({ onTurn, msPerBlock }: NetworkHost): number {
    this.#messages.open();
    this.#blocks.open();
    this.#msPerBlock.push(msPerBlock);
    return this.turns.add(onTurn);
  }

  /** The time that a block takes at a rate, in milliseconds. */
  msPerBlock(bytesPerSecond: number): number {
    return this.#blockBytes * 1000 / bytesPerSecond;
  }

  /** Sends a message to a host. */
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
