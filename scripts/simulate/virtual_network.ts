/**
 * The network between the hosts of a virtual LAN: the time, the messages in flight, and
 * the turns in which hosts read what has arrived.
 *
 * @module
 */
import type { Geometry } from "../../lib/metainfo/geometry.ts";
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { Message } from "../../lib/wire/message.ts";
import { DueQueue } from "./due_queue.ts";
import { type Timer, VirtualClock } from "./virtual_clock.ts";
import type { Downlink, QueuedBlock } from "./virtual_link.ts";

/** A message in flight, due when it has arrived. */
interface SentMessage {
  readonly at: number;
  readonly key: PeerKey;
  readonly message: Message;
}

/** The end of a host's cable. */
interface HostEnd {
  readonly messages: DueQueue<SentMessage>;
  readonly downlink: Downlink;
}

export class VirtualNetwork {
  readonly clock = new VirtualClock();
  readonly geometry: Geometry;
  /** Latency, one way. */
  readonly latencyMs: number;
  readonly turnMs: number;
  readonly turns: Turns;
  readonly #blockBytes: number;
  readonly #ends: HostEnd[] = [];

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
    this.turns = new Turns(this.clock, turnMs);
  }

  /** Adds a host, which reads its messages and blocks in `onTurn`. Returns its number. */
  add(onTurn: () => void, downlink: Downlink): number {
    this.#ends.push({ messages: new DueQueue(), downlink });
    return this.turns.add(onTurn);
  }

  /** The time that a block takes at a rate. */
  msPerBlock(bytesPerSecond: number): number {
    return this.#blockBytes * 1000 / bytesPerSecond;
  }

  send(to: number, key: PeerKey, message: Message): void {
    const at = this.clock.now + this.latencyMs;
    this.messagesTo(to).push({ at, key, message });
    this.turns.wake(to, at);
  }

  /** Sends a block, which leaves its sender at a time, perhaps in the future. */
  carry(block: QueuedBlock, leavesAt: number): void {
    const { downlink } = this.#ends[block.far]!;
    downlink.add(leavesAt, block);
    // It cannot arrive sooner.
    this.turns.wake(
      block.far,
      leavesAt + this.latencyMs + downlink.msPerBlock,
    );
  }

  /** The messages in flight to a host. */
  messagesTo(number: number): DueQueue<SentMessage> {
    return this.#ends[number]!.messages;
  }
}

/** The turns of all hosts, by the number of the host. */
export class Turns {
  readonly #clock: VirtualClock;
  readonly #turnMs: number;
  /** The earliest time of each host's next turn, and the planned one. */
  readonly #earliest: number[] = [];
  readonly #next: (Timer | undefined)[] = [];
  readonly #runs: Timer["run"][] = [];

  /** @param turnMs The least time between two turns of a host. */
  constructor(clock: VirtualClock, turnMs: number) {
    this.#clock = clock;
    this.#turnMs = turnMs;
  }

  /** Adds a host whose turn is `run`. Returns its number, from 0. */
  add(run: () => void): number {
    const number = this.#earliest.push(-Infinity) - 1;
    this.#runs.push((timer) => {
      // It was planned sooner since then.
      if (timer !== this.#next[number]) return;
      this.#earliest[number] = this.#clock.now + this.#turnMs;
      this.#next[number] = undefined;
      run();
    });
    return number;
  }

  /** Plans a turn of a host at a time, or as soon after as it may. */
  wake(number: number, at: number): void {
    const turnAt = Math.max(at, this.#earliest[number]!);
    if (turnAt >= (this.#next[number]?.at ?? Infinity)) return;
    this.#next[number] = this.#clock.set(turnAt, this.#runs[number]!);
  }
}
