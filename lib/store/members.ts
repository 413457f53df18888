/**
 * The peers in Redis's answers, made into the lists of a reply. Nothing is made
 * of the single peer but a copy of its address: with an object for each, this
 * took longer than all else that a tracker does for an announce.
 *
 * @module
 */
import { COMPACT_PEER_LENGTH } from "../base/compact_peers.ts";
import { isLoopback } from "../base/dialable.ts";
import { IDENTIFIER_LENGTH, peerIdFromBytes } from "../base/identifier.ts";
import type { PeerAnnounce, PickedPeers } from "../tracker/peer_store.ts";
import { MEMBER_FLAG } from "./redis_layout.ts";

const { ipv4: IPV4_ENTRY_LENGTH, ipv6: IPV6_ENTRY_LENGTH } =
  COMPACT_PEER_LENGTH;

/** Where addresses of one family stand in a list of members. */
interface Places {
  /** Length of an address with its port, in bytes. */
  readonly length: number;
  /** Offsets of the addresses. */
  readonly addresses: number[];
  /** Offsets of their peers' ids. */
  readonly ids: number[];
}

/**
 * The peers of `members` that an asker is told of: who is on this machine only if
 * it is there too, and no more than it wants. A copy.
 */
export function pickMembers(
  members: Uint8Array,
  asker: PeerAnnounce,
): PickedPeers {
  const isHere = isLoopback(asker.address.hostname);
  const ipv4: Places = { length: IPV4_ENTRY_LENGTH, addresses: [], ids: [] };
  const ipv6: Places = { length: IPV6_ENTRY_LENGTH, addresses: [], ids: [] };
  let offset = 0;
  while (offset < members.length) {
    const flags = members[offset]!;
    const id = offset + 1;
    offset = id + IDENTIFIER_LENGTH;
    if (flags & MEMBER_FLAG.ipv4) {
      // 127.0.0.0/8
      if (isHere || members[offset] !== 127) note(ipv4, offset, id);
      offset += IPV4_ENTRY_LENGTH;
    }
    if (flags & MEMBER_FLAG.ipv6) {
      if (isHere || !isLoopbackAt(members, offset)) note(ipv6, offset, id);
      offset += IPV6_ENTRY_LENGTH;
    }
  }
  shorten(ipv4, ipv6, asker.numwant);
  return {
    ipv4: copyAddresses(members, ipv4),
    ipv6: copyAddresses(members, ipv6),
    ids: asker.wantsIds
      ? copyParts(members, [...ipv4.ids, ...ipv6.ids], IDENTIFIER_LENGTH)
      : undefined,
  };
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
  const list = membersOf(already);
  const told = new Set(list.map(addressOf));
  let offset = 0;
  while (offset < members.length) {
    const flags = members[offset]!;
    const idEnd = offset + 1 + IDENTIFIER_LENGTH;
    const id = members.subarray(offset + 1, idEnd);
    const mayBeTold = peerIdFromBytes(id) !== asker.peerId &&
      !(asker.isSeeder && flags & MEMBER_FLAG.seeder);
    offset = idEnd;
    for (const family of ["ipv4", "ipv6"] as const) {
      if ((flags & MEMBER_FLAG[family]) === 0) continue;
      const end = offset + COMPACT_PEER_LENGTH[family];
      const member = memberOf(family, id, members.subarray(offset, end));
      if (mayBeTold && !told.has(addressOf(member))) list.push(member);
      offset = end;
    }
  }
  return pickMembers(concatenated(list), asker);
}

function note(places: Places, address: number, id: number): void {
  places.addresses.push(address);
  places.ids.push(id);
}

/** Leaves as many as are wanted, each kind of address in its share. */
function shorten(ipv4: Places, ipv6: Places, limit: number): void {
  const count = ipv4.addresses.length + ipv6.addresses.length;
  if (count <= limit) return;
  const ipv4Count = Math.round(limit * ipv4.addresses.length / count);
  for (
    const [places, kept] of [[ipv4, ipv4Count], [
      ipv6,
      limit - ipv4Count,
    ]] as const
  ) {
    places.addresses.length = kept;
    places.ids.length = kept;
  }
}

function copyAddresses(
  members: Uint8Array,
  { addresses, length }: Places,
): Uint8Array {
  return copyParts(members, addresses, length);
}

/** Parts of one length, one after another. */
function copyParts(
  bytes: Uint8Array,
  offsets: readonly number[],
  length: number,
): Uint8Array {
  const copy = new Uint8Array(offsets.length * length);
  let end = 0;
  for (const offset of offsets) {
    for (let index = 0; index < length; index++) {
      copy[end++] = bytes[offset + index]!;
    }
  }
  return copy;
}

/** Whether `::1` stands there. */
function isLoopbackAt(bytes: Uint8Array, offset: number): boolean {
  for (let index = 0; index < 15; index++) {
    if (bytes[offset + index] !== 0) return false;
  }
  return bytes[offset + 15] === 1;
}

/** The peers of a reply as members of one address; without ids, with one of zeros. */
function membersOf({ ids, ...lists }: PickedPeers): Uint8Array[] {
  const members: Uint8Array[] = [];
  for (const family of ["ipv4", "ipv6"] as const) {
    const list = lists[family];
    const length = COMPACT_PEER_LENGTH[family];
    for (let offset = 0; offset < list.length; offset += length) {
      const idOffset = members.length * IDENTIFIER_LENGTH;
      const id = ids?.subarray(idOffset, idOffset + IDENTIFIER_LENGTH);
      const address = list.subarray(offset, offset + length);
      members.push(memberOf(family, id ?? NO_ID, address));
    }
  }
  return members;
}

const NO_ID = new Uint8Array(IDENTIFIER_LENGTH);

function memberOf(
  family: "ipv4" | "ipv6",
  id: Uint8Array,
  address: Uint8Array,
): Uint8Array {
  return concatenated([Uint8Array.of(MEMBER_FLAG[family]), id, address]);
}

/** The address of a member that has one, to be compared. */
function addressOf(member: Uint8Array): string {
  return member.subarray(1 + IDENTIFIER_LENGTH).join();
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(length);
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
