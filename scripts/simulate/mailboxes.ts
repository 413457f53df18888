/**
 * What is to come to hosts, as numbers in one array for all of them: each box is
 * a chain of short runs of it, first in, first out. A large run has a thousand
 * hosts in turn drop a few things each at a dozen others, a hundred million in
 * all; what a host is made of lies in so many places of memory that to look there
 * would take longer than all else.
 *
 * @module
 */

/** Numbers of one item: when it is due, whom it is from, what it is. */
const ITEM = 3;
/** Items in a run. */
const RUN_ITEMS = 16;
const RUN = ITEM * RUN_ITEMS;
const FIRST_RUNS = 64;
const NONE = -1;

/** Takes an item out. */
export type Take = (subject: number, content: number, at: number) => void;

/** Boxes of pairs of numbers that are due at some moment. */
export class Mailboxes {
  /** Runs of items. */
  #items = new Float64Array(FIRST_RUNS * RUN);
  /** The run that follows each, in its box or among the free ones. */
  #following = new Int32Array(FIRST_RUNS).fill(NONE);
  #runCount = 0;
  #freeRun = NONE;
  /** Where each box's first item is, and where the next one goes. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Opens one more box. Returns its number, counted from 0. */
  open(): number {
    const start = this.#takeRun() * RUN;
    this.#starts.push(start);
    return this.#ends.push(start) - 1;
  }

  /** When the first item of a box is due; `Infinity` if it is empty. */
  firstAt(box: number): number {
    const start = this.#starts[box]!;
    return start === this.#ends[box] ? Infinity : this.#items[start]!;
  }

  /** Adds an item behind the others. */
  push(box: number, at: number, subject: number, content: number): void {
    let end = this.#ends[box]!;
    const items = this.#items;
    items[end] = at;
    items[end + 1] = subject;
    items[end + 2] = content;
    end += ITEM;
    if (end % RUN === 0) {
      const run = this.#takeRun();
      this.#following[end / RUN - 1] = run;
      end = run * RUN;
    }
    this.#ends[box] = end;
  }

  /** Takes out items up to the first that is not due. */
  drain(box: number, now: number, take: Take): void {
    for (;;) {
      const start = this.#starts[box]!;
      if (start === this.#ends[box]) return;
      const at = this.#items[start]!;
      if (at > now) return;
      const subject = this.#items[start + 1]!;
      const content = this.#items[start + 2]!;
      const next = start + ITEM;
      this.#starts[box] = next % RUN === 0 ? this.#leaveRun(next) : next;
      take(subject, content, at);
    }
  }

  #takeRun(): number {
    const run = this.#freeRun;
    if (run !== NONE) {
      this.#freeRun = this.#following[run]!;
      return run;
    }
    if (this.#runCount === this.#following.length) this.#grow();
    return this.#runCount++;
  }

  /** Frees the run that ends at a place. Returns where the one behind it begins. */
  #leaveRun(end: number): number {
    const run = end / RUN - 1;
    const following = this.#following[run]!;
    this.#following[run] = this.#freeRun;
    this.#freeRun = run;
    return following * RUN;
  }

  #grow(): void {
    const items = new Float64Array(2 * this.#items.length);
    const following = new Int32Array(2 * this.#following.length).fill(NONE);
    items.set(this.#items);
    following.set(this.#following);
    this.#items = items;
    this.#following = following;
  }
}
