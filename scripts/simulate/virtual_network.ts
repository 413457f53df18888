/**
 * The network between the hosts of a virtual LAN: the time, the messages in flight, and
 * the turns in which hosts read what has arrived.
 */
import type { Geometry } from "../../lib/metainfo/geometry.ts";
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { Message } from "../../lib/wire/message.ts";
import { DueQueue } from "./due_queue.ts";
import { type Timer, VirtualClock } from "./virtual_clock.ts";
import type { Downlink, QueuedBlock } from "./virtual_link.ts";

interface SentMessage {
  readonly at: number;
  readonly key: PeerKey;
  readonly message: Message;
}

interface HostEnd {
  readonly messages: DueQueue<SentMessage>;
  readonly downlink: Downlink;
  /** Its turn, in which it reads its messages and blocks. */
  readonly turn: Timer["run"];
  /** The earliest time of its next turn, and the planned one. */
  earliestAt: number;
  next: Timer | undefined;
}

export class VirtualNetwork {
  readonly clock = new VirtualClock();
  readonly geometry: Geometry;
  /** Latency, one way. */
  readonly latencyMs: number;
  /** The least time between two turns of a host. */
  readonly turnMs: number;
  readonly #blockBytes: number;
  readonly #ends: HostEnd[] = [];

  constructor({ geometry, blockBytes, latencyMs, turnMs }: {
    readonly geometry: Geometry;
    /** Bytes that a block stands for. */
    readonly blockBytes: number;
    readonly latencyMs: number;
    readonly turnMs: number;
  }) {
    this.#blockBytes = blockBytes;
    this.geometry = geometry;
    this.latencyMs = latencyMs;
    this.turnMs = turnMs;
  }

  /** Adds a host, which reads its messages and blocks in `onTurn`. Returns its number, from 0. */
  add(onTurn: () => void, downlink: Downlink): number {
    const end: HostEnd = {
      messages: new DueQueue(),
      downlink,
      turn: (timer) => {
        // It was planned sooner since then.
        if (timer !== end.next) return;
        end.earliestAt = this.clock.now + this.turnMs;
        end.next = undefined;
        onTurn();
      },
      earliestAt: -Infinity,
      next: undefined,
    };
    return this.#ends.push(end) - 1;
  }

  /** Plans a turn of a host at a time, or as soon after as it may. */
  wake(number: number, at: number): void {
    const end = this.#ends[number]!;
    const turnAt = Math.max(at, end.earliestAt);
    if (turnAt >= (end.next?.at ?? Infinity)) return;
    end.next = this.clock.set(turnAt, end.turn);
  }

  msPerBlock(bytesPerSecond: number): number {
    return this.#blockBytes * 1000 / bytesPerSecond;
  }

  send(to: number, key: PeerKey, message: Message): void {
    const at = this.clock.now + this.latencyMs;
    this.messagesTo(to).push({ at, key, message });
    this.wake(to, at);
  }

  /** Sends a block, which leaves its sender at a time, perhaps in the future. */
  carry({ far, key, block }: QueuedBlock, at: number): void {
    const { downlink } = this.#ends[far]!;
    downlink.add({ at, far, key, block });
    // It cannot arrive sooner.
    this.wake(far, at + this.latencyMs + downlink.msPerBlock);
  }

  messagesTo(number: number): DueQueue<SentMessage> {
    return this.#ends[number]!.messages;
  }
}
