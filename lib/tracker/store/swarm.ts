/**
 * The peers of one torrent: counted, found by peer id and by endpoint, and listed
 * by role and kind of address. Invariant: each peer in `peers` is counted, each
 * of its listed endpoints is in one list, and no two peers have the same one.
 *
 * @module
 */
import type { ScrapeEntry } from "../../announce/announce.ts";
import type { InfoHash, PeerId } from "../../base/identifier.ts";
import { parseIpv4 } from "../../base/ip_address.ts";
import { COMPACT_PEER_LENGTH } from "../../base/peer_address.ts";
import { type Endpoint, endpointsOf, type Peer } from "./peer.ts";
import { PeerList } from "./peer_list.ts";
import type { SwarmSummary } from "./peer_store.ts";

/** Kinds of addresses; those of loopback are of use on this machine alone. */
export const ADDRESS_KIND = {
  ipv4: 0,
  ipv6: 1,
  loopbackIpv4: 2,
  loopbackIpv6: 3,
} as const;

/** A kind of address. */
export type AddressKind = typeof ADDRESS_KIND[keyof typeof ADDRESS_KIND];

const KIND_COUNT = 4;

/** Sums over some peers of a swarm. */
export interface SwarmPart {
  readonly seederCount: number;
  readonly leecherCount: number;
  readonly bytesPerSecond: number;
}

/** What is remembered of a swarm without peers. */
export interface PastSwarm {
  readonly downloadCount: number;
  /** The most that a peer ever lacked, in bytes; 0 if none ever lacked anything. */
  readonly contentLength: number;
}

/** A swarm with at least one peer. */
export class Swarm implements SwarmPart, PastSwarm {
  readonly infoHash: InfoHash;
  /** When its first peer joined. */
  openedAtMs: number;
  readonly peers: Map<PeerId, Peer> = new Map();
  seederCount = 0;
  leecherCount = 0;
  bytesPerSecond = 0;
  downloadCount: number;
  contentLength: number;
  /** Parts of the swarm that are known by number alone, by tracker. */
  readonly #unnamed = new Map<string, SwarmPart>();
  readonly #byEndpoint = new Map<number | string, Peer>();
  /** By kind of address, first those of leechers. */
  readonly #lists: (PeerList | undefined)[] = new Array(2 * KIND_COUNT)
    .fill(undefined);

  constructor(
    infoHash: InfoHash,
    { openedAtMs, past }: {
      readonly openedAtMs: number;
      readonly past: PastSwarm | undefined;
    },
  ) {
    this.infoHash = infoHash;
    this.openedAtMs = openedAtMs;
    this.downloadCount = past?.downloadCount ?? 0;
    this.contentLength = past?.contentLength ?? 0;
  }

  /** The endpoints of one role and kind of address, if there are any. */
  list(isSeeder: boolean, kind: AddressKind): PeerList | undefined {
    return this.#lists[isSeeder ? kind + KIND_COUNT : kind];
  }

  /** The peer at an endpoint that others may be given. */
  peerAt(endpoint: Endpoint): Peer | undefined {
    return this.#byEndpoint.get(keyOf(endpoint));
  }

  /** Counts a peer and lists its endpoints. */
  enter(peer: Peer): void {
    this.peers.set(peer.id, peer);
    this.#count(peer, 1);
    for (const endpoint of endpointsOf(peer)) {
      if (!endpoint.isListed) continue;
      this.#byEndpoint.set(keyOf(endpoint), peer);
      const kind = kindOf(endpoint);
      const index = peer.isSeeder ? kind + KIND_COUNT : kind;
      this.#lists[index] ??= new PeerList(lengthOf(kind));
      this.#lists[index].add(endpoint);
    }
  }

  /** Undoes {@linkcode enter}; the peer is as it was then. */
  leave(peer: Peer): void {
    this.peers.delete(peer.id);
    this.#count(peer, -1);
    for (const endpoint of endpointsOf(peer)) {
      if (!endpoint.isListed) continue;
      this.#byEndpoint.delete(keyOf(endpoint));
      const kind = kindOf(endpoint);
      const index = peer.isSeeder ? kind + KIND_COUNT : kind;
      const list = this.#lists[index]!;
      list.delete(endpoint);
      if (list.endpoints.length === 0) this.#lists[index] = undefined;
    }
  }

  /** Counts what another tracker has beside the peers that it names, in place of what it had. */
  setUnnamed(tracker: string, part: SwarmPart | undefined): void {
    const before = this.#unnamed.get(tracker);
    for (
      const name of ["seederCount", "leecherCount", "bytesPerSecond"] as const
    ) {
      this[name] += (part?.[name] ?? 0) - (before?.[name] ?? 0);
    }
    if (part === undefined) this.#unnamed.delete(tracker);
    else this.#unnamed.set(tracker, part);
  }

  /** Sets the speed of a peer that entered. */
  setSpeed(peer: Peer, bytesPerSecond: number): void {
    this.bytesPerSecond += bytesPerSecond - peer.bytesPerSecond;
    peer.bytesPerSecond = bytesPerSecond;
  }

  entry(): ScrapeEntry {
    return {
      infoHash: this.infoHash,
      complete: this.seederCount,
      incomplete: this.leecherCount,
      downloaded: this.downloadCount,
    };
  }

  #count({ isSeeder, bytesPerSecond }: Peer, change: 1 | -1): void {
    if (isSeeder) this.seederCount += change;
    else this.leecherCount += change;
    this.bytesPerSecond += change * bytesPerSecond;
  }
}

/** IPv4 in one number, which is smaller than its text. */
function keyOf({ hostname, port }: Endpoint): number | string {
  const ipv4 = parseIpv4(hostname);
  return ipv4 === undefined ? `${hostname} ${port}` : ipv4 * 2 ** 16 + port;
}

function kindOf({ hostname, isLoopback }: Endpoint): AddressKind {
  const isIpv6 = hostname.includes(":");
  if (!isLoopback) return isIpv6 ? ADDRESS_KIND.ipv6 : ADDRESS_KIND.ipv4;
  return isIpv6 ? ADDRESS_KIND.loopbackIpv6 : ADDRESS_KIND.loopbackIpv4;
}

function lengthOf(kind: AddressKind): number {
  return kind === ADDRESS_KIND.ipv4 || kind === ADDRESS_KIND.loopbackIpv4
    ? COMPACT_PEER_LENGTH.ipv4
    : COMPACT_PEER_LENGTH.ipv6;
}

/** How a {@linkcode SwarmTable} is set up. */
export interface SwarmTableOptions {
  /** Most swarms without peers that are remembered; the oldest is dropped first. @default 10_000 */
  readonly maxPastCount?: number;
  /** Whether those without downloads are remembered too. @default {false} */
  readonly keepsUndownloaded?: boolean;
}

/** The swarms of a tracker, and counts of those that had peers. */
export class SwarmTable {
  readonly #maxPastCount: number;
  readonly #keepsUndownloaded: boolean;
  readonly #swarms = new Map<InfoHash, Swarm>();
  readonly #past = new Map<InfoHash, PastSwarm>();
  /** Downloads of all swarms, past ones included. */
  downloadCount = 0;

  constructor(
    { maxPastCount = 10_000, keepsUndownloaded = false }: SwarmTableOptions,
  ) {
    this.#maxPastCount = maxPastCount;
    this.#keepsUndownloaded = keepsUndownloaded;
  }

  /** How many have peers. */
  get size(): number {
    return this.#swarms.size;
  }

  get(infoHash: InfoHash): Swarm | undefined {
    return this.#swarms.get(infoHash);
  }

  /** What is known of a swarm, with peers or without. */
  find(infoHash: InfoHash): PastSwarm | undefined {
    return this.#swarms.get(infoHash) ?? this.#past.get(infoHash);
  }

  /** Those with peers. */
  values(): MapIterator<Swarm> {
    return this.#swarms.values();
  }

  /** The swarm that a peer enters, opened if it is the first one. */
  open(infoHash: InfoHash, openedAtMs: number): Swarm {
    const known = this.#swarms.get(infoHash);
    if (known !== undefined) return known;
    const past = this.#past.get(infoHash);
    this.#past.delete(infoHash);
    const swarm = new Swarm(infoHash, { openedAtMs, past });
    this.#swarms.set(infoHash, swarm);
    return swarm;
  }

  /** Closes a swarm without peers. */
  close({ infoHash, downloadCount, contentLength }: Swarm): void {
    this.#swarms.delete(infoHash);
    if (downloadCount > 0 || this.#keepsUndownloaded) {
      this.#remember(infoHash, { downloadCount, contentLength });
    }
  }

  /** Counts one download more. */
  countDownload(swarm: Swarm): void {
    swarm.downloadCount++;
    this.downloadCount++;
  }

  /** Sets what is known of a swarm from elsewhere. */
  restore(infoHash: InfoHash, restored: Partial<PastSwarm>): void {
    const swarm = this.#swarms.get(infoHash);
    const known = swarm ?? this.#past.get(infoHash);
    const { downloadCount = 0, contentLength = 0 } = { ...known, ...restored };
    this.downloadCount += downloadCount - (known?.downloadCount ?? 0);
    if (swarm === undefined) {
      this.#remember(infoHash, { downloadCount, contentLength });
    } else {
      Object.assign(swarm, { downloadCount, contentLength });
    }
  }

  /** The counts of a swarm, with peers or without. */
  entry(infoHash: InfoHash): ScrapeEntry | undefined {
    const past = this.#past.get(infoHash);
    return this.#swarms.get(infoHash)?.entry() ?? (past && {
      infoHash,
      complete: 0,
      incomplete: 0,
      downloaded: past.downloadCount,
    });
  }

  /** Those with peers first. */
  *summaries(): Generator<SwarmSummary> {
    for (const table of [this.#swarms, this.#past]) {
      for (const [infoHash, swarm] of table) yield summaryOf(infoHash, swarm);
    }
  }

  #remember(infoHash: InfoHash, past: PastSwarm): void {
    this.#past.delete(infoHash);
    this.#past.set(infoHash, past);
    if (this.#past.size <= this.#maxPastCount) return;
    const [oldest] = this.#past.keys();
    this.#past.delete(oldest!);
  }
}

function summaryOf(
  infoHash: InfoHash,
  swarm: PastSwarm & Partial<SwarmPart>,
): SwarmSummary {
  const { seederCount = 0, leecherCount = 0, bytesPerSecond = 0 } = swarm;
  return {
    infoHash,
    complete: seederCount,
    incomplete: leecherCount,
    downloaded: swarm.downloadCount,
    contentLength: swarm.contentLength === 0 ? undefined : swarm.contentLength,
    bytesPerSecond,
  };
}
