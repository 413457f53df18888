/**
 * What one of several trackers knows by itself: the peers that announced to it,
 * in a store in memory, and what Redis last told of the others. It hears every
 * announce, has the word on limits, and answers alone while Redis is gone.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type { ScrapeEntry } from "../../announce/announce.ts";
import { MemoryStore, type MemoryStoreOptions } from "./memory_store.ts";
import type {
  AcceptedAnnounce,
  AnnounceOutcome,
  PeerAnnounce,
  StoreTotals,
  SwarmChange,
  SwarmSummary,
} from "./peer_store.ts";
import { addMembers } from "./members.ts";
import { type ToldSwarm, ToldSwarms } from "./told_swarms.ts";
import { UnheardAnnounces } from "./unheard_announces.ts";

const WARNING =
  "the tracker's store does not answer: peers may be missing here";

const NO_BYTES = new Uint8Array(0);

/** An announce that this tracker heard. */
export interface Hearing {
  /** With the event that others are to be told of. */
  readonly announce: PeerAnnounce;
  readonly outcome: AnnounceOutcome;
  /** What changed with it, told to nobody yet. */
  readonly changes: readonly SwarmChange[];
  readonly nowMs: number;
}

/** A hearing of an announce that was taken. */
export type AcceptedHearing = Hearing & { readonly outcome: AcceptedAnnounce };

/** A tracker without its store. */
export class LoneTracker {
  /** Those that announced here. */
  readonly peers: MemoryStore;
  readonly told: ToldSwarms = new ToldSwarms();
  /** What Redis is yet to hear. */
  readonly unheard: UnheardAnnounces = new UnheardAnnounces();
  readonly #onChange: (change: SwarmChange) => void;
  /** What changed with the announce that is heard now; undefined between announces. */
  #changes: SwarmChange[] | undefined;
  #peerCount = 0;

  constructor({ onChange = () => {}, ...options }: MemoryStoreOptions) {
    this.#onChange = onChange;
    this.peers = new MemoryStore({
      ...options,
      onChange: (change) => {
        if (this.#changes === undefined) this.tell([change]);
        else this.#changes.push(change);
      },
    });
  }

  /** How many announced here, at the last announce. */
  get peerCount(): number {
    return this.#peerCount;
  }

  /** Hears an announce. @param numwant How many of the peers are wanted that are known here. */
  hear(announce: PeerAnnounce, nowMs: number, numwant: number): Hearing {
    const changes = this.#changes = [] as SwarmChange[];
    const outcome = this.peers.announce({ ...announce, numwant }, nowMs);
    this.#changes = undefined;
    if (outcome.type === "accepted") this.#peerCount = outcome.peerCount;
    // What was counted here before is not to be counted by a Redis that forgot it.
    const isKnown = announce.event === "completed" &&
      !changes.some(({ type }) => type === "completed");
    return {
      announce: isKnown ? { ...announce, event: "update" } : announce,
      outcome,
      changes,
      nowMs,
    };
  }

  /** Notes what Redis told of the swarm of an announce. */
  note(
    { outcome, nowMs }: AcceptedHearing,
    told: Omit<ToldSwarm, "ownCounts">,
  ): void {
    this.told.note({ ...told, ownCounts: outcome.swarm }, nowMs);
  }

  /** Notes what Redis told of swarms by themselves. */
  noteCounts(swarms: readonly ScrapeEntry[], nowMs: number): void {
    const infoHashes = swarms.map(({ infoHash }) => infoHash);
    const own = new Map(
      this.peers.scrape(infoHashes).map((entry) => [entry.infoHash, entry]),
    );
    for (const { infoHash, complete, incomplete, downloaded } of swarms) {
      this.told.note({
        counts: { infoHash, complete, incomplete, downloaded },
        ownCounts: own.get(infoHash) ?? emptySwarm(infoHash),
        members: NO_BYTES,
      }, nowMs);
    }
  }

  /** Tells of changes, with what is likely of the whole swarm. */
  tell(changes: readonly SwarmChange[]): void {
    for (const change of changes) {
      const swarm = this.told.estimate(change.swarm);
      this.#onChange({ ...change, swarm });
    }
  }

  /** Answers with what is known here. */
  answer(
    { announce, outcome }: AcceptedHearing,
    { isAlone, peerCount }: {
      readonly isAlone: boolean;
      /** Of all trackers, as Redis said last. */
      readonly peerCount: number;
    },
  ): AcceptedAnnounce {
    const told = announce.event === "stopped"
      ? undefined
      : this.told.get(announce.infoHash);
    return {
      ...outcome,
      swarm: this.told.estimate(outcome.swarm),
      // Copied, as other announces may be heard before this is read.
      peers: addMembers(outcome.peers, told?.members ?? NO_BYTES, announce),
      peerCount: Math.max(outcome.peerCount, peerCount),
      warning: isAlone ? WARNING : undefined,
    };
  }

  /** Redis knows better: the peer is elsewhere. */
  forget({ announce, nowMs }: Hearing): void {
    this.hear({ ...announce, event: "stopped" }, nowMs, 0);
  }

  /** The counts of those that are known among the asked for. */
  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    const found = new Map(
      this.peers.scrape(infoHashes).map((entry) => [entry.infoHash, entry]),
    );
    return infoHashes.flatMap((infoHash) => {
      const entry = found.get(infoHash);
      if (entry === undefined && this.told.get(infoHash) === undefined) {
        return [];
      }
      return [this.told.estimate(entry ?? emptySwarm(infoHash))];
    });
  }

  /** Every swarm, those with peers of this tracker first. */
  *swarms(): Generator<SwarmSummary> {
    const seen = new Set<InfoHash>();
    for (const swarm of this.peers.swarms()) {
      seen.add(swarm.infoHash);
      yield this.told.estimate(swarm);
    }
    for (const { counts: { infoHash } } of this.told.values()) {
      if (seen.has(infoHash)) continue;
      yield this.told.estimate({
        ...emptySwarm(infoHash),
        contentLength: undefined,
        bytesPerSecond: 0,
      });
    }
  }

  totals(): StoreTotals {
    return totalsOf(this.swarms(), this.peers.totals().downloadCount);
  }
}

/** Sums over all swarms. */
export function totalsOf(
  swarms: Iterable<SwarmSummary>,
  downloadCount: number,
): StoreTotals {
  const totals = {
    activeSwarmCount: 0,
    seederCount: 0,
    leecherCount: 0,
    bytesPerSecond: 0,
  };
  for (const { complete, incomplete, bytesPerSecond } of swarms) {
    totals.activeSwarmCount += Number(complete + incomplete > 0);
    totals.seederCount += complete;
    totals.leecherCount += incomplete;
    totals.bytesPerSecond += bytesPerSecond;
  }
  return { ...totals, downloadCount };
}

function emptySwarm(infoHash: InfoHash): ScrapeEntry {
  return { infoHash, complete: 0, incomplete: 0, downloaded: 0 };
}
