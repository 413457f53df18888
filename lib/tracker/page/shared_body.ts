/**
 * A long answer that several ask for at once: it is written in slices, each when
 * the first of them needs it, and kept for the others. Between two slices the
 * tracker answers whoever else asks.
 *
 * @module
 */
import { utf8 } from "./utf8.ts";

/** A body that is written once. */
export class SharedBody implements AsyncIterable<Uint8Array<ArrayBuffer>> {
  readonly #slices: Iterator<string>;
  readonly #written: Uint8Array<ArrayBuffer>[] = [];

  constructor(slices: Iterable<string>) {
    this.#slices = slices[Symbol.iterator]();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let index = 0;; index++) {
      const slice = this.#written[index] ?? this.#next();
      if (slice === undefined) return;
      yield slice;
    }
  }

  #next(): Uint8Array<ArrayBuffer> | undefined {
    const { done, value } = this.#slices.next();
    if (done === true) return undefined;
    const slice = utf8(value);
    this.#written.push(slice);
    return slice;
  }
}
