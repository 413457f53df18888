/**
 * What is to come to a host, in the order of its moments: blocks, or messages,
 * or verdicts on pieces. A host looks when something is due, and then at all
 * that is. Three arrays that stay, so that nothing is allocated an item, of
 * which a large run has a hundred million.
 *
 * @module
 */

const FIRST_CAPACITY = 64;

/** Pairs that are due at moments that never go back. */
export class Inbox<Subject, Content> {
  #moments = new Float64Array(FIRST_CAPACITY);
  readonly #subjects: Subject[] = [];
  readonly #contents: Content[] = [];
  #start = 0;
  #end = 0;

  /** When the first is due; `Infinity` if there is none. */
  get firstAt(): number {
    return this.#start < this.#end ? this.#moments[this.#start]! : Infinity;
  }

  /** Adds one behind the others; `at` is not before theirs. */
  push(at: number, subject: Subject, content: Content): void {
    const end = this.#end++;
    if (end === this.#moments.length) this.#grow();
    this.#moments[end] = at;
    this.#subjects[end] = subject;
    this.#contents[end] = content;
  }

  /** Takes out what is due, in order. */
  drain(now: number, take: (subject: Subject, content: Content) => void): void {
    while (this.#start < this.#end && this.#moments[this.#start]! <= now) {
      const position = this.#start++;
      take(this.#subjects[position]!, this.#contents[position]!);
    }
    this.#moveToFront();
  }

  #moveToFront(): void {
    const { length } = this.#moments;
    // Only while it is short: the move must not cost more than the taking.
    if (this.#start < this.#end && this.#start < length / 2) return;
    this.#moments.copyWithin(0, this.#start, this.#end);
    for (let position = this.#start; position < this.#end; position++) {
      this.#subjects[position - this.#start] = this.#subjects[position]!;
      this.#contents[position - this.#start] = this.#contents[position]!;
    }
    this.#end -= this.#start;
    this.#start = 0;
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.#moments.length);
    grown.set(this.#moments);
    this.#moments = grown;
  }
}
