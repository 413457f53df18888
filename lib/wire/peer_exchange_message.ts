/**
 * The messages of peer exchange: peers report their connections to one another.
 * [BEP 11] A message has at most {@linkcode MAX_EXCHANGED_PEERS} peers of each kind;
 * the decoder ignores others.
 *
 * @module
 */
import {
  COMPACT_PEER_LENGTH,
  type CompactPeers,
  encodeCompactPeers,
  parseCompactPeer,
  type PeerAddress,
} from "../base/peer_address.ts";
import { ProtocolError } from "../base/errors.ts";
import type { DecodedDictionary } from "../bencode/decode.ts";
import { encodeBencode } from "../bencode/encode.ts";
import { bytesIn, decodePayload } from "./extended_payload.ts";

/** Most added and most dropped peers in a message, both families together. [BEP 11] */
export const MAX_EXCHANGED_PEERS = 50;

/** The flags of an added peer that we use. [BEP 11] */
const FLAG = { seeder: 0x02, reachable: 0x10 } as const;

const ADDED_KEY = { ipv4: "added", ipv6: "added6" } as const;

/** A peer that the sender is connected to. */
export interface ExchangedPeer {
  readonly address: PeerAddress;
  /** True if the peer is a seeder or upload-only. */
  readonly isSeeder: boolean;
  /** True if the sender dialed the peer, so the address is known to work. */
  readonly isReachable: boolean;
}

/** The changes since the sender's last message; the first lists all peers. */
export interface PeerExchangeMessage {
  readonly added: readonly ExchangedPeer[];
  readonly dropped: readonly PeerAddress[];
}

/**
 * Encodes the payload of a message.
 * @throws {RangeError} If there are too many peers, or a hostname is not an IP address.
 */
export function encodePeerExchange(
  { added, dropped }: PeerExchangeMessage,
): Uint8Array<ArrayBuffer> {
  const most = Math.max(added.length, dropped.length);
  if (most > MAX_EXCHANGED_PEERS) {
    throw new RangeError(
      `Cannot write peer exchange: ${most} peers exceed the limit of ${MAX_EXCHANGED_PEERS}`,
    );
  }
  const gone = encodeCompactPeers(dropped);
  return encodeBencode({
    ...encodeAdded(added, "ipv4"),
    ...encodeAdded(added, "ipv6"),
    dropped: unlessEmpty(gone.ipv4),
    dropped6: unlessEmpty(gone.ipv6),
  });
}

/**
 * Decodes the added peers of a message. We ignore the dropped ones.
 * @throws {ProtocolError} If it is not a dictionary or a list is truncated.
 */
export function parsePeerExchange(payload: Uint8Array): ExchangedPeer[] {
  const dictionary = decodePayload(payload, "peer exchange");
  return [
    ...parseAdded(dictionary, "ipv4"),
    ...parseAdded(dictionary, "ipv6"),
  ].slice(0, MAX_EXCHANGED_PEERS);
}

/** The list of one family and its flags, one byte per peer; no entries if it is empty. */
function encodeAdded(
  peers: readonly ExchangedPeer[],
  family: keyof CompactPeers,
): Record<string, Uint8Array> {
  const isIpv6 = family === "ipv6";
  const listed = peers.filter(({ address }) =>
    address.hostname.includes(":") === isIpv6
  );
  if (listed.length === 0) return {};
  const addresses = listed.map((peer) => peer.address);
  const list = encodeCompactPeers(addresses)[family];
  if (list.length !== listed.length * COMPACT_PEER_LENGTH[family]) {
    throw new RangeError(
      "Cannot write peer exchange: a hostname is not an IP address",
    );
  }
  const key = ADDED_KEY[family];
  return { [key]: list, [`${key}.f`]: Uint8Array.from(listed, flagsOf) };
}

function* parseAdded(
  dictionary: DecodedDictionary,
  family: keyof CompactPeers,
): Generator<ExchangedPeer> {
  const key = ADDED_KEY[family];
  const list = bytesIn(dictionary, key) ?? new Uint8Array();
  const length = COMPACT_PEER_LENGTH[family];
  if (list.length % length !== 0) {
    throw new ProtocolError(
      `Cannot read peer exchange: ${key} of ${list.length} bytes is truncated`,
    );
  }
  const count = Math.min(list.length / length, MAX_EXCHANGED_PEERS);
  const flags = bytesIn(dictionary, `${key}.f`);
  for (let index = 0; index < count; index++) {
    const start = index * length;
    const address = parseCompactPeer(list.subarray(start, start + length));
    if (address === undefined) continue;
    // The flags may be missing or short.
    const flag = flags?.[index] ?? 0;
    yield {
      address,
      isSeeder: (flag & FLAG.seeder) !== 0,
      isReachable: (flag & FLAG.reachable) !== 0,
    };
  }
}

function flagsOf({ isSeeder, isReachable }: ExchangedPeer): number {
  return (isSeeder ? FLAG.seeder : 0) | (isReachable ? FLAG.reachable : 0);
}

function unlessEmpty(list: Uint8Array): Uint8Array | undefined {
  return list.length === 0 ? undefined : list;
}
