/**
 * What one tracker reports of a swarm to the others: counts of the peers that
 * announce to it, and up to 200 of them. All times are milliseconds on a clock
 * that the trackers share. Peers are told apart by peer id and by endpoint: the
 * tracker that heard of one last has it, so that each is counted once.
 *
 * @module
 */
import {
  type InfoHash,
  infoHashFromHex,
  type PeerId,
} from "../../base/identifier.ts";
import {
  createPeer,
  describePeer,
  endpointsOf,
  type Peer,
  setEndpoint,
} from "./peer.ts";
import type { PeerDetails } from "./peer_store.ts";
import type { PeerTable } from "./peer_table.ts";
import type { Swarm, SwarmPart } from "./swarm.ts";

/** Most peers that a report names. */
const MAX_NAMED_PEERS = 200;

/** The trackers' clocks agree to this, in milliseconds; of peers closer than that each keeps its own. */
const CLOCK_TOLERANCE_MS = 1_000;

/** A peer that a report names. */
export interface NamedPeer extends PeerDetails {
  /** Fingerprint of its `key`. */
  readonly key: number | undefined;
  readonly hasCompleted: boolean;
}

/** A swarm as one tracker knows it by itself. */
export interface SwarmReport extends SwarmPart {
  readonly openedAtMs: number;
  readonly contentLength: number;
  readonly peers: readonly NamedPeer[];
}

/** Reports the peers of a swarm that announce to this tracker. */
export function reportOf(swarm: Swarm): SwarmReport {
  const seeders: Peer[] = [];
  const leechers: Peer[] = [];
  let bytesPerSecond = 0;
  for (const peer of swarm.peers.values()) {
    if (peer.tracker !== undefined) continue;
    (peer.isSeeder ? seeders : leechers).push(peer);
    bytesPerSecond += peer.bytesPerSecond;
  }
  const mostSeeders = Math.max(
    MAX_NAMED_PEERS / 2,
    MAX_NAMED_PEERS - leechers.length,
  );
  const named = [...seeders.slice(0, mostSeeders), ...leechers]
    .slice(0, MAX_NAMED_PEERS);
  return {
    seederCount: seeders.length,
    leecherCount: leechers.length,
    bytesPerSecond,
    openedAtMs: swarm.openedAtMs,
    contentLength: swarm.contentLength,
    peers: named.map((peer) => ({
      ...describePeer(peer),
      key: peer.key,
      hasCompleted: peer.hasCompleted,
    })),
  };
}

/** Takes another tracker's report of a swarm in place of the one before. */
export function mergeReport(
  table: PeerTable,
  infoHash: InfoHash,
  { tracker, report }: {
    readonly tracker: string;
    /** Undefined if the tracker has no such swarm any more. */
    readonly report: SwarmReport | undefined;
  },
): void {
  const { swarms } = table;
  const isKnown = swarms.get(infoHash) !== undefined;
  const isFull = swarms.size >= table.maxSwarmCount;
  if (!isKnown && (report === undefined || isFull)) return;
  const swarm = swarms.open(infoHash, report?.openedAtMs ?? 0);
  const unnamed = { seederCount: 0, leecherCount: 0, bytesPerSecond: 0 };
  const named = new Set<PeerId>();
  if (report !== undefined) {
    swarm.openedAtMs = Math.min(swarm.openedAtMs, report.openedAtMs);
    swarm.contentLength = Math.max(swarm.contentLength, report.contentLength);
    unnamed.seederCount = report.seederCount;
    unnamed.leecherCount = report.leecherCount;
    unnamed.bytesPerSecond = report.bytesPerSecond;
    for (const peer of report.peers) {
      unnamed[peer.isSeeder ? "seederCount" : "leecherCount"]--;
      unnamed.bytesPerSecond -= peer.bytesPerSecond;
      if (mergePeer(table, swarm, tracker, peer)) named.add(peer.peerId);
    }
  }
  swarm.setUnnamed(tracker, unnamed);
  for (const peer of swarm.peers.values()) {
    if (peer.tracker === tracker && !named.has(peer.id)) table.drop(peer);
  }
  if (swarm.peers.size === 0) swarms.close(swarm);
}

/** @returns False if this tracker or a third one heard of the peer, or of another one at its endpoint, later. */
function mergePeer(
  table: PeerTable,
  swarm: Swarm,
  tracker: string,
  named: NamedPeer,
): boolean {
  if (named.addresses.length === 0) return false;
  const known = swarm.peers.get(named.peerId);
  const peer = createPeer(swarm.infoHash, named);
  for (const address of named.addresses) setEndpoint(peer, address);
  const others = endpointsOf(peer).filter(({ isListed }) => isListed)
    .map((endpoint) => swarm.peerAt(endpoint));
  for (const other of [known, ...others]) {
    const isLater = other !== undefined && other.tracker !== tracker &&
      other.lastSeenMs > named.lastSeenMs - CLOCK_TOLERANCE_MS;
    if (isLater) return false;
  }
  if (known === undefined && table.isFull) return false;
  if (known !== undefined) table.drop(known);
  peer.tracker = tracker;
  peer.key = named.key;
  peer.hasCompleted = named.hasCompleted || known?.hasCompleted === true;
  table.enter(peer);
  return true;
}

/** Writes a report, its times on the shared clock, which is ahead of ours by `offsetMs`. */
export function encodeReport(report: SwarmReport, offsetMs: number): string {
  return JSON.stringify(shift(report, Math.round(offsetMs)));
}

/**
 * Reads a report, its times on our own clock.
 * @throws {Error} If it is not one.
 */
export function decodeReport(text: string, offsetMs: number): SwarmReport {
  const report: SwarmReport = JSON.parse(text);
  const { seederCount, leecherCount, bytesPerSecond, contentLength } = report;
  const numbers: unknown[] = [
    ...[seederCount, leecherCount, bytesPerSecond, contentLength],
    report.openedAtMs,
  ];
  for (const { peerId, addresses, progress, ...peer } of report.peers) {
    const { uploaded, downloaded, left } = progress;
    numbers.push(uploaded, downloaded, left);
    numbers.push(peer.bytesPerSecond, peer.lastSeenMs, peer.key ?? 0);
    numbers.push(...addresses.map(({ port }) => port));
    infoHashFromHex(peerId);
  }
  if (numbers.every(Number.isFinite)) return shift(report, -offsetMs);
  throw new TypeError("Cannot read report: it lacks a number");
}

/** The same report by another clock. */
function shift(report: SwarmReport, offsetMs: number): SwarmReport {
  return {
    ...report,
    openedAtMs: report.openedAtMs + offsetMs,
    peers: report.peers.map((peer) => ({
      ...peer,
      lastSeenMs: peer.lastSeenMs + offsetMs,
    })),
  };
}
