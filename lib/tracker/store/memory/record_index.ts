/**
 * Finds the records of a table by a hash of what they are known by. Records of
 * one bucket are linked through two words of their own: the next one, and the
 * hash, which saves a look at most of the strangers in the bucket.
 *
 * It grows by linear hashing [Litwin, 1980]: each record that is added makes one
 * bucket more by splitting one, so that there is never a table to be built anew
 * while a tracker of a million peers holds its breath.
 *
 * @module
 */
import { NONE, type RecordTable } from "./record_table.ts";

/** Words that a record gives to an index, from its `field`: the next record and the hash. */
export const INDEX_WORD_COUNT = 2;

/** Buckets to begin with, and in each chunk that is added. A power of two. */
const CHUNK_SIZE = 1 << 10;

/** The records of one table by hash. */
export class RecordIndex {
  readonly #table: RecordTable;
  readonly #next: number;
  readonly #hash: number;
  /** The first record of each bucket, in chunks. */
  readonly #heads = [new Int32Array(CHUNK_SIZE)];
  #size = 0;
  #bucketCount = CHUNK_SIZE;
  /** The largest power of two that is at most the number of buckets. */
  #level = CHUNK_SIZE;

  /** @param field The first of the words that the table's records give to this index. */
  constructor(table: RecordTable, field: number) {
    this.#table = table;
    this.#next = field;
    this.#hash = field + 1;
  }

  /** The first record with this hash; `NONE` if there is none. */
  first(hash: number): number {
    return this.#withHash(this.#head(this.#bucketOf(hash)), hash | 0);
  }

  /** The next record with the same hash. */
  next(record: number): number {
    const hash = this.#table.word(record, this.#hash);
    return this.#withHash(this.#table.word(record, this.#next), hash);
  }

  /** Adds a record that is not in the index. */
  add(record: number, hash: number): void {
    this.#table.setWord(record, this.#hash, hash);
    this.#put(record, this.#bucketOf(hash));
    if (++this.#size > this.#bucketCount) this.#split();
  }

  /** Removes a record that is in the index. */
  delete(record: number): void {
    const table = this.#table;
    const bucket = this.#bucketOf(table.word(record, this.#hash));
    const after = table.word(record, this.#next);
    this.#size--;
    let at = this.#head(bucket);
    if (at === record) return this.#setHead(bucket, after);
    for (
      let next = table.word(at, this.#next);
      next !== record;
      next = table.word(at, this.#next)
    ) at = next;
    table.setWord(at, this.#next, after);
  }

  #withHash(from: number, hash: number): number {
    let record = from;
    while (
      record !== NONE && this.#table.word(record, this.#hash) !== hash
    ) record = this.#table.word(record, this.#next);
    return record;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (2 * this.#level - 1);
    return bucket < this.#bucketCount ? bucket : bucket - this.#level;
  }

  /** Shares the records of the next bucket in turn between it and a new one. */
  #split(): void {
    const from = this.#bucketCount - this.#level;
    if (this.#bucketCount % CHUNK_SIZE === 0) {
      this.#heads.push(new Int32Array(CHUNK_SIZE));
    }
    this.#bucketCount++;
    let record = this.#head(from);
    this.#setHead(from, NONE);
    while (record !== NONE) {
      const next = this.#table.word(record, this.#next);
      this.#put(record, this.#bucketOf(this.#table.word(record, this.#hash)));
      record = next;
    }
    if (this.#bucketCount === 2 * this.#level) this.#level *= 2;
  }

  #put(record: number, bucket: number): void {
    this.#table.setWord(record, this.#next, this.#head(bucket));
    this.#setHead(bucket, record);
  }

  #head(bucket: number): number {
    return this.#heads[Math.floor(bucket / CHUNK_SIZE)]![bucket % CHUNK_SIZE]!;
  }

  #setHead(bucket: number, record: number): void {
    this.#heads[Math.floor(bucket / CHUNK_SIZE)]![bucket % CHUNK_SIZE] = record;
  }
}
