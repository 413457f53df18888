/**
 * One peer of a swarm as people speak of it: a host that is done, fetching, or in
 * trouble. All of it is told from the peer's own announces, so it is as old as
 * the last of them.
 *
 * @module
 */
import { parseIpAddress } from "../../base/ip_address.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import type { PeerId } from "../../base/identifier.ts";
import type { PeerDetails } from "../store/peer_store.ts";
import { clientName } from "./client_name.ts";

/**
 * How a host gets on, worst first:
 * - `stuck`: it received something before, but nothing between its last two announces
 * - `silent`: it lacks something and should have announced long ago
 * - `waiting`: it has received nothing so far
 * - `fetching`: it receives
 * - `done`: it has everything
 */
export type HostState = "stuck" | "silent" | "waiting" | "fetching" | "done";

/** All states, worst first. */
export const HOST_STATES: readonly HostState[] = [
  "stuck",
  "silent",
  "waiting",
  "fetching",
  "done",
];

/** How far a host is. */
export interface HostProgress {
  readonly state: HostState;
  /** 0 to 1, and 1 only if it has everything; `undefined` while the size is not known. */
  readonly fraction: number | undefined;
  readonly bytesPerSecond: number;
  /** Time until it has everything at its speed; `undefined` where nobody can tell. */
  readonly secondsLeft: number | undefined;
  /** Since its last announce. */
  readonly secondsSilent: number;
}

/** A host of one torrent. */
export interface Host extends HostProgress {
  readonly peerId: PeerId;
  /** One, or one of each family. */
  readonly addresses: readonly PeerAddress[];
  /** The first address and its port as text that sorts by their numbers. */
  readonly sortAddress: string;
  /** As the peer id tells. Text of a stranger. */
  readonly client: string;
}

/** What is known beside the peer. */
export interface HostContext {
  /** Size of the torrent, in bytes. */
  readonly length: number | undefined;
  readonly nowMs: number;
  /** Silence after which something is wrong, in milliseconds. */
  readonly silentAfterMs: number;
}

/** Tells all of a host. */
export function describeHost(peer: PeerDetails, context: HostContext): Host {
  const { peerId, addresses } = peer;
  return {
    ...describeProgress(peer, context),
    peerId,
    addresses,
    sortAddress: sortableAddress(addresses[0]),
    client: clientName(peerId),
  };
}

/** Tells how far a host is, which spares reading its address and its client. */
export function describeProgress(
  peer: PeerDetails,
  { length, nowMs, silentAfterMs }: HostContext,
): HostProgress {
  const silentMs = Math.max(0, nowMs - peer.lastSeenMs);
  const state = stateOf(peer, silentMs >= silentAfterMs);
  const secondsSilent = silentMs / 1000;
  const { bytesPerSecond, progress: { left } } = peer;
  return {
    state,
    fraction: peer.isSeeder ? 1 : fractionOf(left, length),
    bytesPerSecond: state === "fetching" ? bytesPerSecond : 0,
    // It went on since it said so.
    secondsLeft: state === "fetching"
      ? Math.max(0, left / bytesPerSecond - secondsSilent)
      : undefined,
    secondsSilent,
  };
}

function stateOf(peer: PeerDetails, isSilent: boolean): HostState {
  // One that has everything stays done, even if it was switched off since.
  if (peer.isSeeder) return "done";
  if (isSilent) return "silent";
  if (peer.bytesPerSecond > 0) return "fetching";
  return peer.progress.downloaded > 0 ? "stuck" : "waiting";
}

/** The share of a torrent that is there, of what is missing. */
function fractionOf(
  left: number,
  length: number | undefined,
): number | undefined {
  if (length === undefined || !(length > 0)) return undefined;
  return Math.min(0.999, Math.max(0, 1 - left / length));
}

/** IPv4 before IPv6, each by its bytes, and then the port as one character. */
function sortableAddress(address: PeerAddress | undefined): string {
  const { hostname, port } = address ?? { hostname: "", port: 0 };
  const bytes = parseIpAddress(hostname);
  if (bytes === undefined) return `z${hostname}`;
  let text = bytes.length === 4 ? "4" : "6";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text + String.fromCharCode(port);
}
