/**
 * Whether an announce comes from the peer that a tracker knows by that id.
 *
 * @module
 */
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import type { PeerAddress } from "../base/peer_address.ts";
import type { PeerAnnounce } from "./peer_store.ts";

/** What proves who a peer is. */
export interface KnownPeer {
  readonly addresses: readonly PeerAddress[];
  readonly key: string | undefined;
}

/** A known peer may announce from where it is listed, or prove itself with its key. */
export function mayUpdate(peer: KnownPeer, announce: PeerAnnounce): boolean {
  const { hostname } = announce.address;
  return peer.addresses.some((address) => address.hostname === hostname) ||
    (peer.key !== undefined && announce.key !== undefined &&
      isSameKey(peer.key, announce.key));
}

const encoder = new TextEncoder();

/** The key is a secret: how long the comparison takes must not tell how much of a guess is right. */
function isSameKey(left: string, right: string): boolean {
  return left.length === right.length &&
    timingSafeEqual(encoder.encode(left), encoder.encode(right));
}

/** The address takes the place of the one of its family; the newest is last. */
export function withAddress(
  addresses: readonly PeerAddress[],
  address: PeerAddress,
): PeerAddress[] {
  const isIpv6 = address.hostname.includes(":");
  const others = addresses.filter((other) =>
    other.hostname.includes(":") !== isIpv6
  );
  return [...others, address];
}
