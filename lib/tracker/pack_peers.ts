/**
 * Peers that are kept as values, in the form that replies are made of.
 *
 * @module
 */
import { encodeCompactPeers } from "../base/compact_peers.ts";
import {
  IDENTIFIER_LENGTH,
  identifierToBytes,
  type PeerId,
} from "../base/identifier.ts";
import { parseIpAddress } from "../base/ip_address.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { PickedPeers } from "./peer_store.ts";

/** A peer as others are told of it. */
export interface ListedPeer {
  readonly peerId: PeerId;
  /** One address, or one of each family. */
  readonly addresses: readonly PeerAddress[];
}

/** Peers in the form of a reply. */
export function packPeers(
  peers: readonly ListedPeer[],
  wantsIds: boolean,
): PickedPeers {
  const listed = peers.flatMap(({ peerId, addresses }) =>
    addresses.filter(({ hostname }) => parseIpAddress(hostname) !== undefined)
      .map((address) => ({ peerId, address }))
  );
  const isIpv6 = (address: PeerAddress): boolean =>
    address.hostname.includes(":");
  listed.sort((left, right) =>
    Number(isIpv6(left.address)) - Number(isIpv6(right.address))
  );
  const compact = encodeCompactPeers(listed.map(({ address }) => address));
  if (!wantsIds) return { ...compact, ids: undefined };
  const ids = new Uint8Array(listed.length * IDENTIFIER_LENGTH);
  for (const [index, { peerId }] of listed.entries()) {
    ids.set(identifierToBytes(peerId), index * IDENTIFIER_LENGTH);
  }
  return { ...compact, ids };
}
