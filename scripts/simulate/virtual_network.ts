/**
 * What is between the hosts of a virtual LAN, which go by number here: the time,
 * what is on its way to whom, and when each looks at it.
 *
 * @module
 */
import type { Geometry } from "../../lib/metainfo/geometry.ts";
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { Message } from "../../lib/wire/message.ts";
import { Mailboxes } from "./mailboxes.ts";
import { Post } from "./post.ts";
import { Turns } from "./turns.ts";
import { VirtualClock } from "./virtual_clock.ts";
import type { LinedUp } from "./lineup.ts";
import type { Downlink } from "./virtual_link.ts";

/** What a network is like. */
export interface NetworkOptions {
  readonly geometry: Geometry;
  /** Content that a block stands for, in bytes. */
  readonly blockBytes: number;
  /** One way, in milliseconds. */
  readonly latencyMs: number;
  /** A host looks at what came at most this often, in milliseconds. */
  readonly turnMs: number;
}

/** What a host is like to the network. */
export interface NetworkHost {
  /** Looks at what has come. */
  readonly onTurn: () => void;
  /** Time that a block takes through its card, in milliseconds. */
  readonly msPerBlock: number;
}

/** Carries messages and blocks. */
export class VirtualNetwork {
  readonly clock = new VirtualClock();
  readonly geometry: Geometry;
  /** One way, in milliseconds. */
  readonly latencyMs: number;
  readonly turnMs: number;
  readonly turns: Turns;
  readonly #blockBytes: number;
  readonly #post: Post;
  readonly #blocks = new Mailboxes();
  readonly #msPerBlock: number[] = [];

  constructor({ geometry, blockBytes, latencyMs, turnMs }: NetworkOptions) {
    this.#blockBytes = blockBytes;
    this.geometry = geometry;
    this.latencyMs = latencyMs;
    this.turnMs = turnMs;
    this.#post = new Post(geometry);
    this.turns = new Turns(this.clock, turnMs);
  }

  /** One more host. Returns its number, counted from 0. */
  add({ onTurn, msPerBlock }: NetworkHost): number {
    this.#post.open();
    this.#blocks.open();
    this.#msPerBlock.push(msPerBlock);
    return this.turns.add(onTurn);
  }

  /** Time that a block takes at a rate, in milliseconds. */
  msPerBlock(bytesPerSecond: number): number {
    return this.#blockBytes * 1000 / bytesPerSecond;
  }

  /** Something is said to a host. */
  say(to: number, key: PeerKey, message: Message): void {
    const at = this.clock.now + this.latencyMs;
    this.#post.send(to, at, key, message);
    this.turns.wake(to, at);
  }

  /** A block leaves its sender at a moment, perhaps one to come. */
  carry({ far, key, block }: LinedUp, leavesAt: number): void {
    this.#blocks.push(far, leavesAt, key, block);
    // Sooner it cannot be there.
    this.turns.wake(far, leavesAt + this.latencyMs + this.#msPerBlock[far]!);
  }

  /** Hands the messages out that a host can hear by now. */
  deliverMessages(
    to: number,
    take: (key: PeerKey, message: Message) => void,
  ): void {
    this.#post.deliver(to, this.clock.now, take);
  }

  /** Hands all blocks out that are on their way to a host, in any order. */
  deliverBlocks(to: number, downlink: Downlink): void {
    this.#blocks.drain(to, Infinity, (key, block, leftAt) => {
      downlink.add(leftAt, { far: to, key, block });
    });
  }

  /** When the next message comes to a host; `Infinity` if none is on its way. */
  nextMessageAt(to: number): number {
    return this.#post.firstAt(to);
  }
}
