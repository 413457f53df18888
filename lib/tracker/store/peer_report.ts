/**
 * A tracker's report of one of its peers to the others. Each peer is counted once,
 * for the tracker to which it announced last, and by endpoint too: a newcomer at an
 * address and port takes the place of the peer there, whichever tracker that one
 * announces to.
 *
 * @module
 */
import {
  type InfoHash,
  infoHashFromHex,
  type PeerId,
} from "../../base/identifier.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import type { MemoryStore } from "./memory_store.ts";
import { parseAddress } from "./peer_rows.ts";

/** Of two announces that are closer each tracker keeps its own, as their clocks differ a little. */
const CLOCK_TOLERANCE_MS = 1_000;
/** The columns of a peer that a report copies. */
const COLUMNS = [
  ...["isSeeder", "hasCompleted", "bytesPerSecond"] as const,
  ...["uploaded", "downloaded", "left"] as const,
];

/** A peer of one swarm. */
export interface PeerName {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
}

export interface PeerReport extends PeerName {
  /** Downloads of the torrent that are counted in Redis. */
  readonly downloadCount: number;
  /** Undefined for a peer that left. */
  readonly state?: PeerState | undefined;
}

interface PeerState {
  readonly addresses: readonly PeerAddress[];
  readonly key?: string | undefined;
  /** By column. */
  readonly values: readonly number[];
  /** Time from its last announce to the report, in milliseconds. */
  readonly silentMs: number;
  readonly swarmAgeMs: number;
  readonly contentLength: number;
}

/** Reports a peer. @returns Undefined if the peer announces to another tracker now. */
export function reportOf(
  { rows, table }: MemoryStore,
  name: Omit<PeerReport, "state">,
  { nowMs }: { readonly nowMs: number },
): PeerReport | undefined {
  const swarm = table.swarms.get(name.infoHash);
  const row = swarm?.peers.get(name.peerId);
  if (swarm === undefined || row === undefined) return name;
  if (rows.trackers.has(row)) return undefined;
  const state = {
    addresses: rows.describe(row).addresses,
    key: rows.keys[row],
    values: COLUMNS.map((column) => rows[column][row]!),
    silentMs: Math.round(nowMs - rows.lastSeenMs[row]!),
    swarmAgeMs: Math.round(nowMs - swarm.openedAtMs),
    contentLength: swarm.contentLength,
  };
  return { ...name, state };
}

/** Reads the reports of a message. @throws {Error} If it has something else. */
export function readReports(text: string): PeerReport[] {
  const reports: PeerReport[] = JSON.parse(text);
  for (const { infoHash, peerId, downloadCount, state } of reports) {
    infoHashFromHex(infoHash);
    infoHashFromHex(peerId);
    const numbers: unknown[] = [downloadCount];
    if (state !== undefined) {
      numbers.push(...COLUMNS.map((_, index) => state.values[index]));
      numbers.push(state.silentMs, state.swarmAgeMs, state.contentLength);
      numbers.push(state.addresses[0]!.port, state.addresses.at(-1)!.port);
    }
    if (!numbers.every(Number.isFinite)) throw new TypeError("Not a number");
  }
  return reports;
}

/** Takes over the report of another tracker, written at a time on our own clock. */
export function mergeReport(
  store: MemoryStore,
  { infoHash, peerId, state }: PeerReport,
  { tracker, writtenAtMs }: {
    readonly tracker: string;
    readonly writtenAtMs: number;
  },
): void {
  const { rows, table, eviction } = store;
  const known = table.swarms.get(infoHash)?.peers.get(peerId);
  const isTheirs = known !== undefined && rows.trackers.get(known) === tracker;
  if (state === undefined) return isTheirs ? store.remove(known) : undefined;
  const isFull = eviction.isFull || !eviction.hasRoom(infoHash);
  if (known === undefined && isFull) return;
  const endpoints = state.addresses.map(({ hostname, port }) =>
    [parseAddress(hostname), port] as const
  );
  const lastSeenMs = writtenAtMs - state.silentMs;
  const openedAtMs = writtenAtMs - state.swarmAgeMs;
  const swarm = table.open(infoHash, openedAtMs);
  const others = endpoints.map(([...endpoint]) => swarm.peerAt(...endpoint));
  for (const other of [known, ...others]) {
    const isLater = other !== undefined &&
      rows.trackers.get(other) !== tracker &&
      rows.lastSeenMs[other]! > lastSeenMs - CLOCK_TOLERANCE_MS;
    if (isLater) return;
  }
  swarm.openedAtMs = Math.min(swarm.openedAtMs, openedAtMs);
  swarm.contentLength = Math.max(swarm.contentLength, state.contentLength);
  const hasCompleted = known === undefined ? 0 : rows.hasCompleted[known]!;
  if (known !== undefined) store.drop(known);
  const row = rows.add(swarm.infoHash, peerId);
  for (const endpoint of endpoints) rows.setEndpoint(row, ...endpoint);
  for (const [index, column] of COLUMNS.entries()) {
    rows[column][row] = state.values[index]!;
  }
  rows.hasCompleted[row]! |= hasCompleted;
  rows.lastSeenMs[row] = lastSeenMs;
  rows.keys[row] = state.key;
  rows.trackers.set(row, tracker);
  store.enter(row);
}
