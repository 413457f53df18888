/**
 * Many small records of numbers without an object for each: every record is a
 * fixed count of 32-bit words in large typed arrays. The table grows by a chunk
 * at a time and never moves what it holds, so that no announce waits for a copy
 * of a million peers. Records that are freed are used again, the last first.
 *
 * Invariant: a record that is not in use is all zeros but for its first word,
 * which links the free ones. Record 0 is never given out and stands for none.
 *
 * @module
 */

/** No record. */
export const NONE = 0;

/** Records in a chunk, as a power of two: with 104 bytes a record 400 KB. */
const CHUNK_BITS = 12;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

/** Records of one kind, each named by a whole number from 1. */
export class RecordTable {
  readonly #wordCount: number;
  readonly #words: Int32Array[] = [];
  /** The same memory as doubles, as 16-bit units and as bytes. */
  readonly #doubles: Float64Array[] = [];
  readonly #units: Uint16Array[] = [];
  readonly #bytes: Uint8Array[] = [];
  #end = 1;
  #firstFree = NONE;
  #size = 0;

  /** @param wordCount Words of a record; even, so that doubles are aligned. */
  constructor(wordCount: number) {
    this.#wordCount = wordCount;
  }

  /** How many records are in use. */
  get size(): number {
    return this.#size;
  }

  /** Above every record that was ever in use. */
  get end(): number {
    return this.#end;
  }

  /** A record of zeros. */
  allocate(): number {
    this.#size++;
    const free = this.#firstFree;
    if (free !== NONE) {
      this.#firstFree = this.word(free, 0);
      this.setWord(free, 0, 0);
      return free;
    }
    const record = this.#end++;
    if (record >> CHUNK_BITS >= this.#words.length) {
      const buffer = new ArrayBuffer(this.#wordCount * 4 << CHUNK_BITS);
      this.#words.push(new Int32Array(buffer));
      this.#doubles.push(new Float64Array(buffer));
      this.#units.push(new Uint16Array(buffer));
      this.#bytes.push(new Uint8Array(buffer));
    }
    return record;
  }

  /** Gives a record back. */
  free(record: number): void {
    const start = (record & CHUNK_MASK) * this.#wordCount;
    this.#words[record >> CHUNK_BITS]!
      .fill(0, start, start + this.#wordCount);
    this.setWord(record, 0, this.#firstFree);
    this.#firstFree = record;
    this.#size--;
  }

  /** A word of a record, signed. */
  word(record: number, index: number): number {
    return this.#words[record >> CHUNK_BITS]![
      (record & CHUNK_MASK) * this.#wordCount + index
    ]!;
  }

  /** Sets a word to the lowest 32 bits of a number. */
  setWord(record: number, index: number, value: number): void {
    this.#words[record >> CHUNK_BITS]![
      (record & CHUNK_MASK) * this.#wordCount + index
    ] = value;
  }

  /** A double that takes two words, the first of them even. */
  double(record: number, index: number): number {
    return this.#doubles[record >> CHUNK_BITS]![
      ((record & CHUNK_MASK) * this.#wordCount + index) >> 1
    ]!;
  }

  /** Sets a double that takes two words, the first of them even. */
  setDouble(record: number, index: number, value: number): void {
    this.#doubles[record >> CHUNK_BITS]![
      ((record & CHUNK_MASK) * this.#wordCount + index) >> 1
    ] = value;
  }

  /** The bytes of the chunk that a record is in. */
  bytesOf(record: number): Uint8Array {
    return this.#bytes[record >> CHUNK_BITS]!;
  }

  /** The 16-bit units of the chunk that a record is in. */
  unitsOf(record: number): Uint16Array {
    return this.#units[record >> CHUNK_BITS]!;
  }

  /** Where a record begins in its chunk, in bytes. */
  byteOffset(record: number): number {
    return (record & CHUNK_MASK) * this.#wordCount * 4;
  }
}
