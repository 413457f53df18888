/**
 * Rings of records: each record knows the one before and the one after it
 * through two words of its own, so that it can leave without a search. A ring is
 * named by any of its records; who keeps rings keeps one record of each.
 *
 * @module
 */
import { NONE, type RecordTable } from "./record_table.ts";

/** Words that a record gives to a ring, from its `field`: the one before and the one after. */
export const RING_WORD_COUNT = 2;

/** The rings through one pair of words of a table's records. */
export class RecordRing {
  readonly #table: RecordTable;
  readonly #before: number;
  readonly #after: number;

  /** @param field The first of the words that the table's records give to these rings. */
  constructor(table: RecordTable, field: number) {
    this.#table = table;
    this.#before = field;
    this.#after = field + 1;
  }

  /** The record after this one; itself if it is alone. */
  next(record: number): number {
    return this.#table.word(record, this.#after);
  }

  /**
   * Puts a record that is in no ring last in the ring that begins with `first`.
   * @returns The ring's first record: the new one if `first` is `NONE`.
   */
  append(record: number, first: number): number {
    if (first === NONE) {
      this.#link(record, record);
      return record;
    }
    this.#link(this.#table.word(first, this.#before), record);
    this.#link(record, first);
    return first;
  }

  /**
   * Takes a record out of the ring that begins with `first`.
   * @returns The ring's first record after that, `NONE` if it was the only one.
   */
  remove(record: number, first: number): number {
    const next = this.next(record);
    if (next === record) return NONE;
    this.#link(this.#table.word(record, this.#before), next);
    return record === first ? next : first;
  }

  #link(before: number, after: number): void {
    this.#table.setWord(before, this.#after, after);
    this.#table.setWord(after, this.#before, before);
  }
}
