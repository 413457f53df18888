/**
 * A tracker without a protocol: accepts or refuses announces before the store sees them,
 * asks peers for an interval and enforces a rate. The handlers of HTTP and UDP share one
 * tracker, so announces are limited and reported alike over both protocols.
 *
 * @module
 */
import {
  QueryError,
  type ScrapeEntry,
  UNKNOWN_LEFT,
} from "../announce/announce.ts";
import type { InfoHash } from "../base/identifier.ts";
import { isLoopback } from "../base/ip_address.ts";
import { type Random, randomBelow } from "../base/random.ts";
import type { TorrentCatalogue } from "../catalogue/torrent_catalogue.ts";
import type {
  AcceptedAnnounce,
  AnnounceOutcome,
  PeerAnnounce,
  PeerStore,
} from "./store/peer_store.ts";

/** Least time between two announces: a peer that needs more peers may announce so soon. */
export const MIN_ANNOUNCE_INTERVAL_MS = 5_000;

const NOT_LISTED = {
  type: "refused",
  reason: "this tracker serves only the torrents that its page lists; " +
    "use a torrent file from there",
} as const;

/** Milliseconds from a peer's announce to its next one. */
export type AnnounceInterval = (
  load: Pick<AcceptedAnnounce, "swarm" | "swarmAgeMs" | "peerCount">,
) => number;

/** An announce and its outcome. The outcome's peers are views, to be read at once. */
export interface AnnounceEntry {
  /** The announce as the store receives it. */
  readonly announce: PeerAnnounce;
  /** The tracker's decision. */
  readonly outcome: AnnounceOutcome;
}

/** The counts of the torrents that a scrape names, or a refusal. */
export type ScrapeOutcome =
  | { readonly type: "accepted"; readonly entries: readonly ScrapeEntry[] }
  | { readonly type: "refused"; readonly reason: string };

export interface TrackerOptions {
  readonly store: PeerStore;
  readonly intervalMs: AnnounceInterval;
  /** Limits each address. @default no limit */
  readonly rate?: AnnounceRate | undefined;
  /** Refuses the torrents that are not in this catalogue. @default none are refused */
  readonly onlyListed?: TorrentCatalogue | undefined;
  /** Reports every announce that could be parsed. */
  readonly onAnnounce?: ((entry: AnnounceEntry) => void) | undefined;
}

export class Tracker {
  readonly options: TrackerOptions;

  constructor(options: TrackerOptions) {
    this.options = options;
  }

  /** Applies an announce and picks peers. */
  announce(received: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const announce = withHonestLeft(received);
    const outcome = this.#decide(announce, nowMs);
    this.options.onAnnounce?.({ announce, outcome });
    return outcome;
  }

  /** Counts the peers of torrents; unknown and unlisted torrents are left out. */
  scrape(infoHashes: readonly InfoHash[]): ScrapeOutcome {
    const listed = infoHashes.filter((infoHash) => this.#isListed(infoHash));
    if (listed.length === 0 && infoHashes.length > 0) return NOT_LISTED;
    return { type: "accepted", entries: this.options.store.scrape(listed) };
  }

  #decide(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const retryInMs = this.options.rate?.take(announce.hostname, nowMs) ?? 0;
    if (retryInMs > 0) {
      const reason = "too many announces from your address; try again later";
      return { type: "refused", reason, retryInMs };
    }
    // A torrent may be taken off the list while it has peers.
    const mayPass = announce.event === "stopped" ||
      this.#isListed(announce.infoHash);
    return mayPass ? this.options.store.announce(announce, nowMs) : NOT_LISTED;
  }

  #isListed(infoHash: InfoHash): boolean {
    const { onlyListed } = this.options;
    return onlyListed === undefined || onlyListed.find(infoHash) !== undefined;
  }
}

/** The first bytes of the peer ids of aria2: `A2-`. */
const ARIA2_ID = "41322d";

/**
 * aria2 does not know the length of a magnet link's torrent and announces that nothing
 * is left; as a seeder it would be given no seeder. Its first announce counts as one
 * of a leecher; an aria2 that has everything says so again with the next.
 */
function withHonestLeft(announce: PeerAnnounce): PeerAnnounce {
  const { event, left, peerId } = announce;
  const isUnsure = event === "started" && left === 0 &&
    peerId.startsWith(ARIA2_ID);
  return isUnsure ? { ...announce, left: UNKNOWN_LEFT } : announce;
}

/** The reason for the client if a request was malformed. @throws Any other error. */
export function reasonOfRefusal(error: unknown): string {
  if (!(error instanceof QueryError)) throw error;
  return `the client sent a malformed request: ${error.message}`;
}

/** The interval of a young swarm. */
const SHORTEST_INTERVAL_MS = 10_000;

/** The interval as a share of the swarm's age. */
const SHARE_OF_AGE = {
  /** 10 s in the first 100 s, 2 min after 20 min. */
  complete: 1 / 10,
  /** 10 s in the first 10 min, 1 min after an hour. */
  incomplete: 1 / 60,
} as const;

/** Announces of all peers together. */
const MAX_ANNOUNCES_PER_SECOND = 1_000;

/**
 * As short as the swarm's age and the tracker's load allow, and at most
 * `longestMs`. A peer that joins a young or incomplete swarm may miss others: an
 * address that could not be dialed, a list that had no room. Such swarms announce
 * every few seconds, an old swarm of seeders hardly ever, and all peers together
 * never more often than the tracker can serve.
 */
export function adaptiveInterval(longestMs: number): AnnounceInterval {
  return ({ swarm, swarmAgeMs, peerCount }) => {
    const share = swarm.incomplete > 0
      ? SHARE_OF_AGE.incomplete
      : SHARE_OF_AGE.complete;
    return Math.min(
      Math.max(
        SHORTEST_INTERVAL_MS,
        swarmAgeMs * share,
        peerCount * 1000 / MAX_ANNOUNCES_PER_SECOND,
      ),
      longestMs,
    );
  };
}

export interface AnnounceRateOptions {
  readonly random: Random;
  /** Announces in the long run. @default 500 */
  readonly perSecond?: number;
  /** Announces at once. @default 5_000 */
  readonly burst?: number;
}

/** Buckets of each half: a bucket by 16 bits of a hash. */
const BUCKET_COUNT = 1 << 16;

/**
 * Limits the announces of each address by token buckets, in memory that does not
 * grow. The limit is generous, because hundreds of machines may share an address,
 * and does not apply to this machine, which may be a proxy for all. An address has
 * two buckets, each shared with other addresses, and is refused if both are empty.
 * A map of limiters by address took a tenth of an announce where thousands of
 * addresses announce.
 */
export class AnnounceRate {
  readonly #msPerAnnounce: number;
  readonly #burstMs: number;
  readonly #seed: number;
  /** The time at which each bucket is full again. */
  readonly #fullAtMs = new Float64Array(2 * BUCKET_COUNT).fill(-Infinity);

  constructor({ random, perSecond = 500, burst = 5_000 }: AnnounceRateOptions) {
    this.#msPerAnnounce = 1000 / perSecond;
    this.#burstMs = burst * this.#msPerAnnounce;
    this.#seed = randomBelow(2 ** 32, random);
  }

  /**
   * Takes one announce of an address.
   * @returns Milliseconds until it may announce again; 0 if it may now.
   */
  take(hostname: string, nowMs: number): number {
    if (isLoopback(hostname)) return 0;
    const hash = this.#hash(hostname);
    const buckets = this.#fullAtMs;
    const one = hash >>> 16;
    const other = BUCKET_COUNT + (hash & BUCKET_COUNT - 1);
    const fuller = Math.min(buckets[one]!, buckets[other]!);
    const fullAtMs = Math.max(fuller, nowMs) + this.#msPerAnnounce;
    const waitMs = fullAtMs - nowMs - this.#burstMs;
    if (waitMs > 0) return waitMs;
    buckets[one] = Math.max(buckets[one]!, fullAtMs);
    buckets[other] = Math.max(buckets[other]!, fullAtMs);
    return 0;
  }

  #hash(hostname: string): number {
    let hash = this.#seed;
    for (let offset = 0; offset < hostname.length; offset++) {
      hash = Math.imul(hash ^ hostname.charCodeAt(offset), 0x01000193);
      hash ^= hash >>> 15;
    }
    return hash | 0;
  }
}
