/**
 * Limits the responses that last: downloads, event streams and reports that wait.
 * Each address has a few, so that none takes those of all others.
 *
 * @module
 */

/** Slots of one kind of response. */
export class ResponseSlots {
  readonly #most: { readonly all: number; readonly ofAddress: number };
  readonly #countByAddress = new Map<string, number>();
  #count = 0;

  /** @param most Responses at once, in all and of one address. */
  constructor(most: { readonly all: number; readonly ofAddress: number }) {
    this.#most = most;
  }

  /**
   * Takes a slot.
   * @returns Gives it back, once; `undefined` if none is free.
   */
  take(address: string): (() => void) | undefined {
    const ofAddress = this.#countByAddress.get(address) ?? 0;
    const isFull = this.#count >= this.#most.all ||
      ofAddress >= this.#most.ofAddress;
    if (isFull) return undefined;
    this.#change(address, 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#change(address, -1);
      isTaken = false;
    };
  }

  #change(address: string, by: 1 | -1): void {
    this.#count += by;
    const count = (this.#countByAddress.get(address) ?? 0) + by;
    if (count > 0) this.#countByAddress.set(address, count);
    else this.#countByAddress.delete(address);
  }
}

/**
 * A body that calls `end`, perhaps repeatedly, when it ends, fails or is no longer
 * wanted, even if nothing of it was read: a generator that was not started runs no
 * `finally`.
 */
export function endingBody(
  body: AsyncIterable<Uint8Array>,
  end: () => void,
): AsyncIterableIterator<Uint8Array> {
  const parts = body[Symbol.asyncIterator]();
  const iterator: AsyncIterableIterator<Uint8Array> = {
    next: async () => {
      try {
        const part = await parts.next();
        if (part.done) end();
        return part;
      } catch (error) {
        end();
        throw error;
      }
    },
    return: async () => {
      end();
      await parts.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
