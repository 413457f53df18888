/**
 * A peer of a swarm as the page shows it: a host that is done, fetching or in
 * trouble, and all hosts of a swarm together. Everything comes from the peer's own
 * announces and is as old as the last of them; its peer id is a stranger's text.
 *
 * @module
 */
import { identifierToBytes, type PeerId } from "../../base/identifier.ts";
import { parseIpAddress } from "../../base/ip_address.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import type { PeerDetails } from "../store/peer_store.ts";

/**
 * The state of a host:
 * - `stuck`: it received something before, but nothing between its last two announces
 * - `silent`: it is incomplete and its announce is overdue
 * - `waiting`: it has received nothing so far
 * - `fetching`: it receives
 * - `done`: it has everything
 */
export type HostState = "stuck" | "silent" | "waiting" | "fetching" | "done";

/** All states of a host, worst first. */
export const HOST_STATES: readonly HostState[] = [
  ...["stuck", "silent", "waiting", "fetching", "done"] as const,
];

export interface Host {
  readonly peerId: PeerId;
  /** One, or one of each family. */
  readonly addresses: readonly PeerAddress[];
  /** The first address and its port as text that sorts numerically. */
  readonly sortAddress: string;
  /** As its peer id claims, read when it is asked for. A stranger's text. */
  readonly client: string;
  readonly state: HostState;
  /** 0 to 1, and 1 only if it has everything; `undefined` while the size is not known. */
  readonly fraction: number | undefined;
  readonly bytesPerSecond: number;
  /** Time until it has everything at its speed; `undefined` unless it is fetching. */
  readonly secondsLeft: number | undefined;
  /** Since its last announce. */
  readonly secondsSilent: number;
}

/** The facts beside the peer that its state depends on. */
export interface HostContext {
  /** Size of the torrent, in bytes. */
  readonly length: number | undefined;
  readonly nowMs: number;
  /** Time without an announce after which a host is `silent`, in milliseconds. */
  readonly silentAfterMs: number;
}

export function describeHost(
  peer: PeerDetails,
  { length, nowMs, silentAfterMs }: HostContext,
): Host {
  const { peerId, addresses, bytesPerSecond, progress: { left } } = peer;
  const silentMs = Math.max(0, nowMs - peer.lastSeenMs);
  const secondsSilent = silentMs / 1000;
  const state = stateOf(peer, silentMs >= silentAfterMs);
  const isFetching = state === "fetching";
  return {
    peerId,
    addresses,
    sortAddress: sortableAddress(addresses[0]),
    get client() {
      return clientName(peerId);
    },
    state,
    fraction: peer.isSeeder ? 1 : fractionOf(left, length),
    bytesPerSecond: isFetching ? bytesPerSecond : 0,
    // It has gone on receiving since it announced.
    secondsLeft: isFetching
      ? Math.max(0, left / bytesPerSecond - secondsSilent)
      : undefined,
    secondsSilent,
  };
}

function stateOf(peer: PeerDetails, isSilent: boolean): HostState {
  // A complete host stays done, even if it was switched off since.
  if (peer.isSeeder) return "done";
  if (isSilent) return "silent";
  if (peer.bytesPerSecond > 0) return "fetching";
  return peer.progress.downloaded > 0 ? "stuck" : "waiting";
}

function fractionOf(
  left: number,
  length: number | undefined,
): number | undefined {
  if (length === undefined || !(length > 0)) return undefined;
  return Math.min(0.999, Math.max(0, 1 - left / length));
}

/** IPv4 before IPv6, each by its bytes, then the port as one character. */
function sortableAddress(address: PeerAddress | undefined): string {
  const { hostname, port } = address ?? { hostname: "", port: 0 };
  const bytes = parseIpAddress(hostname);
  if (bytes === undefined) return `z${hostname}`;
  const family = bytes.length === 4 ? "4" : "6";
  return family + String.fromCharCode(...bytes, port);
}

export interface SwarmProgress {
  readonly counts: Readonly<Record<HostState, number>>;
  /** Until the last fetching host has everything; `undefined` if none is fetching. */
  readonly secondsLeft: number | undefined;
}

/** Adds up the hosts of a torrent. */
export function swarmProgress(hosts: Iterable<Host>): SwarmProgress {
  const counts = { stuck: 0, silent: 0, waiting: 0, fetching: 0, done: 0 };
  let secondsLeft: number | undefined;
  for (const host of hosts) {
    counts[host.state]++;
    if (host.secondsLeft !== undefined) {
      secondsLeft = Math.max(secondsLeft ?? 0, host.secondsLeft);
    }
  }
  return { counts, secondsLeft };
}

/** Clients by the two letters of the Azureus style. [BEP 20] */
const CLIENTS: ReadonlyMap<string, string> = new Map(
  `A2 aria2, AZ Vuze, BC BitComet, BI BiglyBT, BT BitTorrent, DE Deluge,
  FD Free Download Manager, GT anacrolix/torrent, KT KTorrent, LT libtorrent,
  PI PicoTorrent, RN rain, SD Xunlei, TL Tribler, TR Transmission, TX Tixati,
  UM µTorrent for Mac, UT µTorrent, UW µTorrent Web, WD WebTorrent Desktop,
  WW WebTorrent, lt rTorrent, qB qBittorrent, rQ rqbit`.split(/,\s+/)
    .map((client) => [client.slice(0, 2), client.slice(3)]),
);

/** Our own letters; the digits after them are no version. */
const OURS = "LS";

/**
 * `qBittorrent 4.5.2`, `aria2 1.36.0`, `lanswarm`. An unknown client keeps its
 * letters; an id of an unknown style is `unknown`.
 */
export function clientName(peerId: PeerId): string {
  const id = String.fromCharCode(...identifierToBytes(peerId));
  const azureus = /^-([A-Za-z][A-Za-z0-9])([0-9A-Za-z.]{4})-/.exec(id);
  if (azureus !== null) {
    const [, letters = "", version = ""] = azureus;
    if (letters === OURS) return "lanswarm";
    const name = CLIENTS.get(letters) ?? letters;
    return `${name} ${versionOf(letters, version)}`;
  }
  // The style of BitTorrent's first client, `M7-9-2--`, and of `A2-1-36-0-`.
  const dashed = /^(M|A2-)(\d+(?:-\d+){1,3})-/.exec(id);
  if (dashed !== null) {
    const [, letters, version = ""] = dashed;
    const name = letters === "M" ? "BitTorrent" : "aria2";
    return `${name} ${version.replaceAll("-", ".")}`;
  }
  return "unknown";
}

/** One base-36 digit for each part. Trailing zeros are dropped, but two parts stay. */
function versionOf(letters: string, digits: string): string {
  // Transmission 3 writes 3.00 as `3000`; version 4 writes one digit a part, `400Z`.
  if (letters === "TR" && /^[0-3]\d{3}$/.test(digits)) {
    return `${digits[0]}.${digits.slice(1, 3)}`;
  }
  const parts = Array.from(digits, (digit) => {
    const value = parseInt(digit, 36);
    return Number.isNaN(value) ? 0 : value;
  });
  while (parts.length > 2 && parts.at(-1) === 0) parts.pop();
  return parts.join(".");
}
