/**
 * The addresses of one family that one reply names, in memory that the next
 * reply uses again.
 *
 * @module
 */
import type { LeafTable } from "./leaf_table.ts";

/** A list of addresses and, if they are wanted, of whose they are. */
export class PickedList {
  readonly #units: Uint16Array;
  /** The same memory as bytes. */
  readonly #bytes: Uint8Array;
  readonly #members: Int32Array;
  readonly #entryLength: number;
  #size = 0;
  #keepsMembers = false;

  /** Room for `capacity` addresses of `entryLength` bytes. */
  constructor(capacity: number, entryLength: number) {
    this.#units = new Uint16Array(capacity * entryLength / 2);
    this.#bytes = new Uint8Array(this.#units.buffer);
    this.#members = new Int32Array(capacity);
    this.#entryLength = entryLength;
  }

  /** The addresses; a view, valid until the next list is begun. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size * this.#entryLength);
  }

  /** The peers in the order of their addresses, if they are kept; a view, too. */
  get members(): Int32Array {
    return this.#members.subarray(0, this.#size);
  }

  /** Begins an empty list. Members cost a look into memory more for most addresses. */
  begin(keepsMembers: boolean): void {
    this.#size = 0;
    this.#keepsMembers = keepsMembers;
  }

  /** Adds the peer in a slot of a leaf of the list's family. */
  add(table: LeafTable, leaf: number, slot: number): void {
    if (this.#keepsMembers) {
      this.#members[this.#size] = table.member(leaf, slot);
    }
    const offset = this.#size * this.#entryLength >> 1;
    table.copyAddress(leaf, slot, this.#units, offset);
    this.#size++;
  }
}
