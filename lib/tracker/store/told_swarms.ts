/**
 * What Redis last told of each swarm, for when it is gone: the counts, and the
 * peers that it named. Bounded; the swarm that was told of longest ago is
 * forgotten first.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type { ScrapeEntry } from "../../announce/announce.ts";

/** Most swarms that are remembered: with 50 peers each some 30 MB. */
const MAX_SWARM_COUNT = 20_000;

/** Peers are remembered anew after this time, in milliseconds: it costs a copy. */
const MEMBERS_AGE_MS = 5_000;

/** A swarm as Redis knew it at some moment. */
export interface ToldSwarm {
  /** Of all trackers. */
  readonly counts: ScrapeEntry;
  /** Of this tracker alone, at the same moment. */
  readonly ownCounts: ScrapeEntry;
  /** Some of its peers, as `redis_layout.ts` describes members. */
  readonly members: Uint8Array;
}

interface RememberedSwarm extends ToldSwarm {
  readonly membersAtMs: number;
}

/** Swarms by info hash. */
export class ToldSwarms {
  readonly #swarms = new Map<InfoHash, RememberedSwarm>();

  get(infoHash: InfoHash): ToldSwarm | undefined {
    return this.#swarms.get(infoHash);
  }

  /** All of them, the least recently told first. */
  values(): Iterable<ToldSwarm> {
    return this.#swarms.values();
  }

  /** Remembers a swarm; its members are copied. */
  note({ counts, ownCounts, members }: ToldSwarm, nowMs: number): void {
    const known = this.#swarms.get(counts.infoHash);
    const isNew = members.length > 0 && (known === undefined ||
      known.members.length === 0 ||
      nowMs - known.membersAtMs >= MEMBERS_AGE_MS);
    this.#swarms.delete(counts.infoHash);
    this.#swarms.set(counts.infoHash, {
      counts,
      ownCounts,
      members: isNew ? members.slice() : known?.members ?? NO_BYTES,
      membersAtMs: isNew ? nowMs : known?.membersAtMs ?? nowMs,
    });
    if (this.#swarms.size > MAX_SWARM_COUNT) {
      const [oldest] = this.#swarms.keys();
      this.#swarms.delete(oldest!);
    }
  }

  /**
   * What is likely of a swarm of which this tracker alone knows `own`: what was
   * told, and what changed here since.
   */
  estimate<Own extends ScrapeEntry>(own: Own): Own {
    const told = this.#swarms.get(own.infoHash);
    if (told === undefined) return own;
    const { counts, ownCounts } = told;
    const now = (name: "complete" | "incomplete" | "downloaded"): number =>
      Math.max(own[name], counts[name] + own[name] - ownCounts[name]);
    return {
      ...own,
      complete: now("complete"),
      incomplete: now("incomplete"),
      downloaded: now("downloaded"),
    };
  }
}

const NO_BYTES = new Uint8Array(0);
