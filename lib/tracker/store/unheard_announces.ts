/**
 * What Redis is yet to hear of the time when it was gone: of each peer the last
 * announce, and whether it completed its download. Bounded; the oldest are
 * dropped first, as their peers announce again soonest.
 *
 * @module
 */
import type { PeerAnnounce } from "./peer_store.ts";
import type { OutgoingAnnounce } from "./announce_batch.ts";

/** Most peers that are remembered. */
const MAX_COUNT = 100_000;

/** The last announce of a peer. */
export interface UnheardAnnounce {
  readonly announce: PeerAnnounce;
  readonly heardAtMs: number;
  /** Whether the download is still to be counted. */
  readonly hasCompleted: boolean;
}

/** Announces by swarm and peer. */
export class UnheardAnnounces {
  readonly #announces = new Map<string, UnheardAnnounce>();

  get size(): number {
    return this.#announces.size;
  }

  /** Notes what a peer said. */
  add(announce: PeerAnnounce, nowMs: number): void {
    const name = announce.infoHash + announce.peerId;
    const before = this.#announces.get(name);
    this.#announces.delete(name);
    this.#announces.set(name, {
      announce,
      heardAtMs: nowMs,
      hasCompleted: announce.event === "completed" ||
        before?.hasCompleted === true,
    });
    if (this.#announces.size > MAX_COUNT) {
      const [oldest] = this.#announces.keys();
      this.#announces.delete(oldest!);
    }
  }

  /** Those of up to `count` peers, the oldest first. */
  first(count: number): readonly UnheardAnnounce[] {
    return this.#announces.values().take(count).toArray();
  }

  /** Redis has heard of these; what was added since stays. */
  delete(heard: Iterable<UnheardAnnounce>): void {
    for (const unheard of heard) {
      const { announce } = unheard;
      const name = announce.infoHash + announce.peerId;
      if (this.#announces.get(name) === unheard) this.#announces.delete(name);
    }
  }
}

/** What Redis is told of a peer: that its download is done may come before that it left. */
export function outgoingAnnounces(
  { announce, heardAtMs, hasCompleted }: UnheardAnnounce,
  nowMs: number,
): OutgoingAnnounce[] {
  const events = hasCompleted && announce.event === "stopped"
    ? ["completed", "stopped"] as const
    : [hasCompleted ? "completed" : announce.event];
  return events.map((event) => ({
    announce: { ...announce, event, numwant: 0 },
    ageMs: nowMs - heardAtMs,
    isTrusted: false,
  }));
}
