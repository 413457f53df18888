/**
 * A peer of a swarm as the page shows it: a host that is done, fetching or in
 * trouble. Everything comes from the peer's own announces and is as old as the
 * last of them.
 *
 * @module
 */
import type { PeerId } from "../../base/identifier.ts";
import { parseIpAddress } from "../../base/ip_address.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import type { PeerDetails } from "../store/peer_store.ts";
import { clientName } from "./client_name.ts";

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

/** A host of one torrent. */
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

/** Describes a host. */
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
