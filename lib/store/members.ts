/**
 * The peers in Redis's answers, made into the lists of a reply.
 *
 * @module
 */
import { COMPACT_PEER_LENGTH } from "../base/compact_peers.ts";
import { isLoopback } from "../base/dialable.ts";
import { IDENTIFIER_LENGTH, peerIdFromBytes } from "../base/identifier.ts";
import { formatIpAddress } from "../base/ip_address.ts";
import type { PeerAnnounce, PickedPeers } from "../tracker/peer_store.ts";
import { MEMBER_FLAG } from "./redis_layout.ts";

/** One address of a peer. All views. */
interface Entry {
  /** 6 or 18 bytes. */
  readonly address: Uint8Array;
  readonly id: Uint8Array;
}

type Entries = Readonly<Record<keyof typeof COMPACT_PEER_LENGTH, Entry[]>>;

const FAMILIES = ["ipv4", "ipv6"] as const;

/**
 * The peers of `members` that an asker is told of: who is on this machine only if
 * it is there too, and no more than it wants. A copy.
 */
export function pickMembers(
  members: Uint8Array,
  asker: PeerAnnounce,
): PickedPeers {
  return pickedPeers(readMembers(members, asker), asker);
}

/**
 * Adds to the peers that an asker is told of already some of `members`, which
 * were drawn for another: not itself, no seeder if it is one, and nobody twice.
 */
export function addMembers(
  already: PickedPeers,
  members: Uint8Array,
  asker: PeerAnnounce,
): PickedPeers {
  const entries = readPicked(already);
  const others = readMembers(members, asker, asker.isSeeder);
  for (const family of FAMILIES) {
    const told = new Set(entries[family].map(({ address }) => address.join()));
    entries[family].push(
      ...others[family].filter(({ address, id }) =>
        !told.has(address.join()) && peerIdFromBytes(id) !== asker.peerId
      ),
    );
  }
  return pickedPeers(entries, asker);
}

function readMembers(
  members: Uint8Array,
  asker: PeerAnnounce,
  isForSeeder = false,
): Entries {
  const isHere = isLoopback(asker.address.hostname);
  const entries: Entries = { ipv4: [], ipv6: [] };
  let offset = 0;
  const take = (length: number): Uint8Array => {
    offset += length;
    return members.subarray(offset - length, offset);
  };
  while (offset < members.length) {
    const flags = members[offset++]!;
    const id = take(IDENTIFIER_LENGTH);
    const isWanted = !isForSeeder || (flags & MEMBER_FLAG.seeder) === 0;
    for (const family of FAMILIES) {
      if ((flags & MEMBER_FLAG[family]) === 0) continue;
      const address = take(COMPACT_PEER_LENGTH[family]);
      if (isWanted && (isHere || !isOnThisMachine(address))) {
        entries[family].push({ address, id });
      }
    }
  }
  return entries;
}

/** The entries of a reply; without ids if it has none. */
function readPicked({ ids, ...lists }: PickedPeers): Entries {
  const entries: Entries = { ipv4: [], ipv6: [] };
  let idOffset = 0;
  for (const family of FAMILIES) {
    const list = lists[family];
    const length = COMPACT_PEER_LENGTH[family];
    for (let offset = 0; offset < list.length; offset += length) {
      entries[family].push({
        address: list.subarray(offset, offset + length),
        id: ids?.subarray(idOffset, idOffset + IDENTIFIER_LENGTH) ?? NO_BYTES,
      });
      idOffset += IDENTIFIER_LENGTH;
    }
  }
  return entries;
}

/** As many as are wanted, each kind of address in its share. */
function pickedPeers(
  { ipv4, ipv6 }: Entries,
  { numwant, wantsIds }: PeerAnnounce,
): PickedPeers {
  const excess = Math.max(0, ipv4.length + ipv6.length - numwant);
  const share = Math.round(excess * ipv4.length / (ipv4.length + ipv6.length));
  ipv4.length -= excess === 0 ? 0 : share;
  ipv6.length -= excess === 0 ? 0 : excess - share;
  const entries = [...ipv4, ...ipv6];
  return {
    ipv4: concatenated(ipv4.map(({ address }) => address)),
    ipv6: concatenated(ipv6.map(({ address }) => address)),
    ids: wantsIds ? concatenated(entries.map(({ id }) => id)) : undefined,
  };
}

const NO_BYTES = new Uint8Array(0);

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 0) return NO_BYTES;
  // All parts are of one length.
  const length = parts[0]!.length;
  const whole = new Uint8Array(parts.length * length);
  for (const [index, part] of parts.entries()) whole.set(part, index * length);
  return whole;
}

/** Whether an address with its port is `127.0.0.0/8` or `::1`. */
function isOnThisMachine(address: Uint8Array): boolean {
  if (address.length === COMPACT_PEER_LENGTH.ipv4) return address[0] === 127;
  // Nearly all are told by their first byte.
  return address[0] === 0 &&
    isLoopback(formatIpAddress(address.subarray(0, -2)));
}
