/**
 * A tracker's report of a swarm to the others: counts of the peers that announce
 * to it, and up to 200 of them. Each peer is counted once, for the tracker to which
 * it announced last, and by endpoint too: a newcomer at an address and port takes
 * the place of the peer there, whichever tracker that one announces to.
 *
 * @module
 */
import {
  type InfoHash,
  infoHashFromHex,
  type PeerId,
} from "../../base/identifier.ts";
import type { MemoryStore } from "./memory_store.ts";
import { parseAddress, type PeerRows } from "./peer_rows.ts";
import type { PeerDetails } from "./peer_store.ts";
import { NO_PART, type Swarm, type SwarmPart } from "./swarm.ts";

/** Most peers that a report names. */
const MAX_NAMED_PEERS = 200;
/** Of two announces that are closer each tracker keeps its own, as their clocks differ a little. */
const CLOCK_TOLERANCE_MS = 1_000;

/** A peer that a report names. */
export interface NamedPeer extends PeerDetails {
  readonly key: string | undefined;
  readonly hasCompleted: boolean;
}

export interface SwarmReport extends SwarmPart {
  readonly openedAtMs: number;
  readonly contentLength: number;
  readonly peers: readonly NamedPeer[];
}

/** Reports the peers of a swarm that announce to this tracker. */
export function reportOf(swarm: Swarm, rows: PeerRows): SwarmReport {
  const seeders: number[] = [];
  const leechers: number[] = [];
  let bytesPerSecond = 0;
  for (const row of swarm.peers.values()) {
    if (rows.trackers.has(row)) continue;
    (rows.isSeeder[row] === 1 ? seeders : leechers).push(row);
    bytesPerSecond += rows.bytesPerSecond[row]!;
  }
  const seederCount = seeders.length;
  const leecherCount = leechers.length;
  // Both roles have room for half.
  const half = MAX_NAMED_PEERS / 2;
  const peers = [
    ...seeders.slice(0, Math.max(half, MAX_NAMED_PEERS - leecherCount)),
    ...leechers.slice(0, Math.max(half, MAX_NAMED_PEERS - seederCount)),
  ].map((row) => {
    const hasCompleted = rows.hasCompleted[row] === 1;
    return { ...rows.describe(row), key: rows.keys[row], hasCompleted };
  });
  const { openedAtMs, contentLength } = swarm;
  const counts = { seederCount, leecherCount, bytesPerSecond };
  return { ...counts, openedAtMs, contentLength, peers };
}

/** Of a tracker that has no peers in a swarm. */
const NO_REPORT: SwarmReport = {
  ...NO_PART,
  openedAtMs: Infinity,
  contentLength: 0,
  peers: [],
};

/**
 * Takes another tracker's report of a swarm in place of the one before.
 * @param report Undefined if that tracker has no peers in it any more.
 */
export function mergeReport(
  store: MemoryStore,
  infoHash: InfoHash,
  { tracker, report = NO_REPORT }: {
    readonly tracker: string;
    readonly report: SwarmReport | undefined;
  },
): void {
  const isNews = report !== NO_REPORT || store.table.swarms.has(infoHash);
  if (!isNews || !store.eviction.hasRoom(infoHash)) return;
  const { peers, openedAtMs, contentLength, ...unnamed } = report;
  const swarm = store.table.open(infoHash, openedAtMs);
  swarm.openedAtMs = Math.min(swarm.openedAtMs, openedAtMs);
  swarm.contentLength = Math.max(swarm.contentLength, contentLength);
  const named = new Set<PeerId>();
  for (const peer of peers) {
    if (peer.isSeeder) unnamed.seederCount--;
    else unnamed.leecherCount--;
    unnamed.bytesPerSecond -= peer.bytesPerSecond;
    if (mergePeer(store, swarm, tracker, peer)) named.add(peer.peerId);
  }
  swarm.setUnnamed(tracker, unnamed);
  for (const [peerId, row] of swarm.peers) {
    const isTheirs = store.rows.trackers.get(row) === tracker;
    if (isTheirs && !named.has(peerId)) store.drop(row);
  }
  store.table.close(swarm);
}

/** @returns False if the peer, or one at its endpoint, announced to another tracker or to this one later. */
function mergePeer(
  store: MemoryStore,
  swarm: Swarm,
  tracker: string,
  named: NamedPeer,
): boolean {
  const { rows } = store;
  const known = swarm.peers.get(named.peerId);
  if (known === undefined && store.eviction.isFull) return false;
  const endpoints = named.addresses.map(({ hostname, port }) =>
    [parseAddress(hostname), port] as const
  );
  const others = endpoints.map(([...endpoint]) => swarm.peerAt(...endpoint));
  for (const other of [known, ...others]) {
    const isLater = other !== undefined &&
      rows.trackers.get(other) !== tracker &&
      rows.lastSeenMs[other]! > named.lastSeenMs - CLOCK_TOLERANCE_MS;
    if (isLater) return false;
  }
  const hasCompleted = named.hasCompleted ||
    known !== undefined && rows.hasCompleted[known] === 1;
  if (known !== undefined) store.drop(known);
  const row = rows.add(swarm.infoHash, named.peerId);
  for (const endpoint of endpoints) rows.setEndpoint(row, ...endpoint);
  rows.trackers.set(row, tracker);
  rows.keys[row] = named.key;
  rows.isSeeder[row] = Number(named.isSeeder);
  rows.hasCompleted[row] = Number(hasCompleted);
  rows.bytesPerSecond[row] = named.bytesPerSecond;
  rows.uploaded[row] = named.progress.uploaded;
  rows.downloaded[row] = named.progress.downloaded;
  rows.left[row] = named.progress.left;
  rows.lastSeenMs[row] = named.lastSeenMs;
  store.enter(row);
  return true;
}

/** Writes a report, its times on a clock that is ahead of ours by `offsetMs`. */
export function encodeReport(report: SwarmReport, offsetMs: number): string {
  return JSON.stringify(shift(report, Math.round(offsetMs)));
}

/**
 * Reads a report, its times on our own clock.
 * @throws {Error} If it is not one.
 */
export function decodeReport(text: string, offsetMs: number): SwarmReport {
  const report: SwarmReport = JSON.parse(text);
  const { peers, ...numbers } = report;
  checkNumbers(numbers, 5);
  for (const { peerId, addresses, progress, ...peer } of peers) {
    const { bytesPerSecond, lastSeenMs } = peer;
    infoHashFromHex(peerId);
    checkNumbers(progress, 3);
    checkNumbers({ bytesPerSecond, lastSeenMs }, 2);
    checkNumbers(addresses.map(({ port }) => port), 1);
  }
  return shift(report, -offsetMs);
}

/** @throws {TypeError} If fewer of the values are numbers, or one is something else. */
function checkNumbers(values: object, least: number): void {
  const numbers = Object.values(values);
  if (numbers.length >= least && numbers.every(Number.isFinite)) return;
  throw new TypeError("A number is missing");
}

function shift(report: SwarmReport, offsetMs: number): SwarmReport {
  const openedAtMs = report.openedAtMs + offsetMs;
  const peers = report.peers.map((peer) => {
    const lastSeenMs = peer.lastSeenMs + offsetMs;
    return { ...peer, lastSeenMs };
  });
  return { ...report, openedAtMs, peers };
}
