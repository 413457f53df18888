/**
 * Messages in flight to all hosts, as numbers in one array: each mailbox is
 * a chain of short runs of it, first in, first out. In a large run a thousand
 * hosts in turn send a few messages each to a dozen others, a hundred million in
 * all. The state of a host lies in so many places of memory that reading it
 * for each message would take longer than all else.
 *
 * @module
 */

const ITEM = 3;
const RUN_ITEMS = 16;
const RUN = ITEM * RUN_ITEMS;
const FIRST_RUNS = 64;
const NONE = -1;

export type Take = (subject: number, content: number, at: number) => void;

/** Mailboxes of pairs of numbers, each due at some time. */
export class Mailboxes {
  #items = new Float64Array(FIRST_RUNS * RUN);
  /** The run that follows each, in its box or among the free ones. */
  #following = new Int32Array(FIRST_RUNS).fill(NONE);
  #runCount = 0;
  #freeRun = NONE;
  /** The place of each box's first item, and of the next one. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Adds a box. Returns its number, from 0. */
  open(): number {
    const start = this.#takeRun() * RUN;
    this.#starts.push(start);
    return this.#ends.push(start) - 1;
  }

  /** The due time of the first item of a box; `Infinity` if it is empty. */
  firstAt(box: number): number {
    const start = this.#starts[box]!;
    return start === this.#ends[box] ? Infinity : this.#items[start]!;
  }

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

  /** Removes the items before the first that is not due. */
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

  /** Frees the run that ends at a place. Returns the start of the next one. */
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
