/**
 * Peers telling one another whom they are connected with, as bytes. [BEP 11] A
 * message has no more than {@linkcode MAX_EXCHANGED_PEERS} of each kind: what is
 * beyond that is not read.
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
import { decodePayload, ownBytes } from "./extended_payload.ts";

/** Most peers added, and most dropped, in one message, of both families together. [BEP 11] */
export const MAX_EXCHANGED_PEERS = 50;

/** Bits that tell of an added peer; the others are not ours to set. [BEP 11] */
const FLAG = { seeder: 0x02, reachable: 0x10 } as const;

const ADDED_KEY = { ipv4: "added", ipv6: "added6" } as const;

/** A peer that the sender is connected with. */
export interface ExchangedPeer {
  readonly address: PeerAddress;
  /** Whether it has everything, or wants nothing more. */
  readonly isSeeder: boolean;
  /** Whether the sender dialed it, so that its address is known to be right. */
  readonly isReachable: boolean;
}

/** What changed since the sender's last message, or all of it in the first. */
export interface PeerExchangeMessage {
  readonly added: readonly ExchangedPeer[];
  readonly dropped: readonly PeerAddress[];
}

/**
 * Writes the payload of a message.
 * @throws {RangeError} If there are more peers than a message may have, or one's address is none of IP.
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
 * Reads whom a message adds. Whom it drops is not read: nothing follows from it.
 * @throws {ProtocolError} If it is no dictionary or a list is cut off.
 */
export function parsePeerExchange(payload: Uint8Array): ExchangedPeer[] {
  const dictionary = decodePayload(payload, "peer exchange");
  return [
    ...parseAdded(dictionary, "ipv4"),
    ...parseAdded(dictionary, "ipv6"),
  ].slice(0, MAX_EXCHANGED_PEERS);
}

/** The list of one family and its flags, a byte a peer; nothing if it is empty. */
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
    throw new RangeError("Cannot write peer exchange: a name is no IP address");
  }
  const key = ADDED_KEY[family];
  return { [key]: list, [`${key}.f`]: Uint8Array.from(listed, flagsOf) };
}

function* parseAdded(
  dictionary: DecodedDictionary,
  family: keyof CompactPeers,
): Generator<ExchangedPeer> {
  const key = ADDED_KEY[family];
  const list = ownBytes(dictionary, key) ?? new Uint8Array();
  const length = COMPACT_PEER_LENGTH[family];
  if (list.length % length !== 0) {
    throw new ProtocolError(
      `Cannot read peer exchange: ${key} of ${list.length} bytes is no whole number of peers`,
    );
  }
  const count = Math.min(list.length / length, MAX_EXCHANGED_PEERS);
  const flags = ownBytes(dictionary, `${key}.f`);
  for (let index = 0; index < count; index++) {
    const start = index * length;
    const address = parseCompactPeer(list.subarray(start, start + length));
    if (address === undefined) continue;
    // Flags may be missing, or fewer.
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
