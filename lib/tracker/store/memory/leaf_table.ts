/**
 * Sixteen peers and their addresses in one piece of memory, which is what pools
 * are made of: the addresses are as replies have them, and stand together, so
 * that a few are copied with one or two looks into memory. What is counted in a
 * leaf, and in which order leaves stand, is the pool's to know.
 *
 * @module
 */
import { COMPACT_PEER_LENGTH } from "../../../base/peer_address.ts";
import type { PeerRecords } from "./peer_records.ts";
import { RecordTable } from "./record_table.ts";

/** Peers that a leaf has room for. */
export const LEAF_SIZE = 16;

/** What a leaf keeps of each peer; of those that nobody is told of no address. */
export type LeafFamily = "ipv4" | "ipv6" | "none";

/** Length of an address and a port, in bytes. */
const ENTRY_LENGTH = { ...COMPACT_PEER_LENGTH, none: 0 } as const;

/** Length of the peers' numbers, which stand before the addresses, in bytes. */
const MEMBERS_LENGTH = LEAF_SIZE * 4;

/** All leaves of one family. */
export class LeafTable extends RecordTable {
  readonly family: LeafFamily;
  /** Length of an address and its port, in bytes. */
  readonly entryLength: number;

  constructor(family: LeafFamily) {
    const entryLength = ENTRY_LENGTH[family];
    super((MEMBERS_LENGTH + LEAF_SIZE * entryLength) / 4);
    this.family = family;
    this.entryLength = entryLength;
  }

  /** The peer in a slot. */
  member(leaf: number, slot: number): number {
    return this.word(leaf, slot);
  }

  /** Puts a peer into a slot, with the address that its record has now. */
  put(leaf: number, slot: number, peers: PeerRecords, peer: number): void {
    this.setWord(leaf, slot, peer);
    if (this.family === "none") return;
    peers.writeAddress(
      peer,
      this.family === "ipv4",
      this.bytesOf(leaf),
      this.#offset(leaf, slot),
    );
  }

  /** Copies a slot of a leaf to one of another, or of the same. */
  copy(
    from: { readonly leaf: number; readonly slot: number },
    to: { readonly leaf: number; readonly slot: number },
  ): void {
    this.setWord(to.leaf, to.slot, this.word(from.leaf, from.slot));
    this.copyAddress(
      from.leaf,
      from.slot,
      this.unitsOf(to.leaf),
      this.#offset(to.leaf, to.slot) >> 1,
    );
  }

  /**
   * Copies the address in a slot to an offset in 16-bit units, one by one: for so
   * few there is nothing quicker.
   */
  copyAddress(
    leaf: number,
    slot: number,
    into: Uint16Array,
    offset: number,
  ): void {
    const units = this.unitsOf(leaf);
    const from = this.#offset(leaf, slot) >> 1;
    const count = this.entryLength >> 1;
    for (let index = 0; index < count; index++) {
      into[offset + index] = units[from + index]!;
    }
  }

  /** Whether the address in a slot begins with the first `length` bytes of another. */
  hasPrefix(
    leaf: number,
    slot: number,
    address: Uint8Array,
    length: number,
  ): boolean {
    const bytes = this.bytesOf(leaf);
    const from = this.#offset(leaf, slot);
    for (let index = 0; index < length; index++) {
      if (bytes[from + index] !== address[index]) return false;
    }
    return true;
  }

  #offset(leaf: number, slot: number): number {
    return this.byteOffset(leaf) + MEMBERS_LENGTH + slot * this.entryLength;
  }
}
