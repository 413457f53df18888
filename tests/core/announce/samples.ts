/**
 * Identifiers, announces and bytes for the tests of announces and of the tracker.
 */
import {
  encodeCompactPeers,
  parseCompactPeers,
  type PeerAddress,
} from "../../../lib/base/peer_address.ts";
import {
  type InfoHash,
  infoHashFromHex,
  type PeerId,
  peerIdFromBytes,
} from "../../../lib/base/identifier.ts";
import { latin1 as bytes } from "../bencode/bytes.ts";
import type { AnnounceAnswer } from "../../../lib/tracker/announce_answer.ts";
import type {
  AnnounceRequest,
  TransferProgress,
} from "../../../lib/announce/announce.ts";
import type {
  PeerAnnounce,
  PickedPeers,
} from "../../../lib/tracker/store/peer_store.ts";

export { bytes };

/** `aa…aa` for `"a"`: one hex digit, 40 times. */
export function infoHash(digit: string): InfoHash {
  return infoHashFromHex(digit.repeat(40));
}

/** The name, padded with dashes to 20 bytes. */
export function peerId(name: string): PeerId {
  return peerIdFromBytes(bytes(name.padEnd(20, "-")));
}

/** The reverse of {@linkcode bytes}. */
export function text(content: Uint8Array | string): string {
  return typeof content === "string"
    ? content
    : String.fromCharCode(...content);
}

/**
 * The port of a peer that a test names and gives no address: another one for each
 * name, as a store takes a newcomer at an address and port for the peer before.
 */
export function portOf(name: string): number {
  let number = 0;
  for (const byte of bytes(name)) number = (number * 31 + byte) % 50_000;
  return 10_000 + number;
}

/** Changes to an announce, some of several fields at once. */
export type AnnounceChanges = Partial<PeerAnnounce> & {
  readonly address?: PeerAddress;
  readonly progress?: TransferProgress;
  readonly isSeeder?: boolean;
};

/** A leecher's first announce to a store, from 192.0.2.1. */
export function peerAnnounce(
  name: string,
  { address, progress, isSeeder = false, ...changes }: AnnounceChanges = {},
): PeerAnnounce {
  return {
    infoHash: infoHash("a"),
    peerId: peerId(name),
    hostname: "192.0.2.1",
    port: portOf(name),
    uploaded: 0,
    downloaded: 0,
    left: 1000,
    event: "started",
    numwant: 50,
    key: undefined,
    wantsIds: false,
    ...address,
    ...progress,
    ...(isSeeder && { left: 0 }),
    ...changes,
  };
}

/** The addresses in a reply, IPv4 first. */
export function addressesOf({ ipv4, ipv6 }: PickedPeers): PeerAddress[] {
  return [
    ...parseCompactPeers(ipv4, "ipv4"),
    ...parseCompactPeers(ipv6, "ipv6"),
  ];
}

/** Peers as a reply lists them, with their ids. */
export function pickedPeers(
  peers: readonly (readonly [name: string, ...addresses: PeerAddress[]])[],
): PickedPeers {
  const listed = peers.flatMap(([name, ...addresses]) =>
    addresses.map((address) => ({ name, address }))
  );
  const isIpv6 = ({ address }: { address: PeerAddress }): number =>
    Number(address.hostname.includes(":"));
  listed.sort((left, right) => isIpv6(left) - isIpv6(right));
  return {
    ...encodeCompactPeers(listed.map(({ address }) => address)),
    ids: bytes(listed.map(({ name }) => name.padEnd(20, "-")).join("")),
  };
}

/** An answer with peers of both families. */
export const ANNOUNCE_ANSWER: AnnounceAnswer = {
  intervalMs: 120_000,
  minIntervalMs: 30_000,
  swarm: { infoHash: infoHash("a"), complete: 1, incomplete: 2, downloaded: 3 },
  peers: pickedPeers([
    ["one", { hostname: "192.0.2.1", port: 6881 }],
    ["two", { hostname: "192.0.2.2", port: 80 }, {
      hostname: "2001:db8::2",
      port: 80,
    }],
  ]),
  externalHostname: "",
  warning: undefined,
  peerForm: "compact",
};

/** A leecher's first announce, as a client sends it. */
export function announceRequest(
  changes: Partial<AnnounceRequest> = {},
): AnnounceRequest {
  return {
    infoHash: infoHash("a"),
    peerId: peerId("me"),
    port: 6881,
    uploaded: 0,
    downloaded: 0,
    left: 1000,
    event: "started",
    numwant: 50,
    key: "0badcafe",
    trackerId: undefined,
    ...changes,
  };
}

/** A query that a tracker accepts; `changes` replace parameters or, with `undefined`, leave them out. */
export function announceQuery(
  changes: Record<string, string | number | undefined> = {},
): string {
  const parameters = {
    info_hash: "%aa".repeat(20),
    peer_id: "me------------------",
    port: 6881,
    uploaded: 0,
    downloaded: 0,
    left: 1000,
    ...changes,
  };
  return Object.entries(parameters)
    .flatMap(([name, value]) => value === undefined ? [] : [`${name}=${value}`])
    .join("&");
}
