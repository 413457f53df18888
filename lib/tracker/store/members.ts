/**
 * The peers in Redis's answers, made into the lists of a reply. Nothing is made
 * of the single peer but a copy of its address: with an object for each, this
 * took longer than all else that a tracker does for an announce.
 *
 * @module
 */
import { COMPACT_PEER_LENGTH } from "../../base/peer_address.ts";
import { isLoopback } from "../../base/ip_address.ts";
import { IDENTIFIER_LENGTH, peerIdFromBytes } from "../../base/identifier.ts";
import type { PeerAnnounce, PickedPeers } from "./peer_store.ts";
import { MEMBER_FLAG } from "./redis_layout.ts";

const { ipv4: IPV4_ENTRY_LENGTH, ipv6: IPV6_ENTRY_LENGTH } =
  COMPACT_PEER_LENGTH;

/** The first byte of a member that begins with an address of IPv4; of IPv6. */
const IPV4 = 4;
const IPV6 = 6;

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
  let start = 0;
  while (start < members.length) {
    const { address, id, second, end } = partsAt(members, start);
    if (members[start] === IPV4) {
      // 127.0.0.0/8
      if (isHere || members[address] !== 127) note(ipv4, address, id);
    } else if (members[start] === IPV6) {
      if (isHere || !isLoopbackAt(members, address)) note(ipv6, address, id);
    }
    if (second !== end && (isHere || !isLoopbackAt(members, second))) {
      note(ipv6, second, id);
    }
    start = end;
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
  let start = 0;
  while (start < members.length) {
    const { address, flags, id, second, end } = partsAt(members, start);
    const peerId = members.subarray(id, second);
    const addresses = [
      members.subarray(address, id - 1),
      members.subarray(second, end),
    ];
    start = end;
    if (asker.isSeeder && flags & MEMBER_FLAG.seeder) continue;
    if (peerIdFromBytes(peerId) === asker.peerId) continue;
    for (const bytes of addresses) {
      if (bytes.length === 0) continue;
      const member = memberOf(bytes, peerId);
      if (!told.has(addressOf(member))) list.push(member);
    }
  }
  return pickMembers(concatenated(list), asker);
}

/** Where the parts of a member begin. */
interface MemberParts {
  /** The address that it begins with, up to the flags. */
  readonly address: number;
  readonly flags: number;
  readonly id: number;
  /** Another address, up to the end; none if that is here. */
  readonly second: number;
  readonly end: number;
}

function partsAt(members: Uint8Array, start: number): MemberParts {
  const family = members[start];
  const address = start + 1;
  const length = family === IPV4
    ? IPV4_ENTRY_LENGTH
    : family === IPV6
    ? IPV6_ENTRY_LENGTH
    : 0;
  const flags = members[address + length]!;
  const id = address + length + 1;
  const second = id + IDENTIFIER_LENGTH;
  const end = second + (flags & MEMBER_FLAG.ipv6 ? IPV6_ENTRY_LENGTH : 0);
  return { address, flags, id, second, end };
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
function membersOf({ ipv4, ipv6, ids }: PickedPeers): Uint8Array[] {
  const members: Uint8Array[] = [];
  for (const list of [ipv4, ipv6]) {
    const length = list === ipv4 ? IPV4_ENTRY_LENGTH : IPV6_ENTRY_LENGTH;
    for (let offset = 0; offset < list.length; offset += length) {
      const idOffset = members.length * IDENTIFIER_LENGTH;
      const id = ids?.subarray(idOffset, idOffset + IDENTIFIER_LENGTH);
      const address = list.subarray(offset, offset + length);
      members.push(memberOf(address, id ?? NO_ID));
    }
  }
  return members;
}

const NO_ID = new Uint8Array(IDENTIFIER_LENGTH);

function memberOf(address: Uint8Array, id: Uint8Array): Uint8Array {
  const family = address.length === IPV4_ENTRY_LENGTH ? IPV4 : IPV6;
  return concatenated([Uint8Array.of(family), address, Uint8Array.of(0), id]);
}

/** The address of a member that has one, to be compared. */
function addressOf(member: Uint8Array): string {
  return member.subarray(1, -1 - IDENTIFIER_LENGTH).join();
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
