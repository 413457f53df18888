/**
 * Reports whose answer waits for a change of control, so that a change reaches each
 * host at once although it is the host that asks. Their number is limited: beyond it,
 * a host is answered at once, and asks again a second later.
 *
 * @module
 */

/** Reports held at once at most, and of one address. */
const MAX_HELD = { all: 2_048, ofAddress: 64 } as const;

/** The reports that wait. */
export class HeldReports {
  /** Callbacks that end the waits. */
  readonly #waiting = new Set<() => void>();
  readonly #countByAddress = new Map<string, number>();

  /**
   * Resolves after a time, or at the next {@linkcode release}.
   * @returns `undefined` if too many wait.
   */
  hold(address: string, ms: number): Promise<void> | undefined {
    const count = this.#countByAddress.get(address) ?? 0;
    const isFull = this.#waiting.size >= MAX_HELD.all ||
      count >= MAX_HELD.ofAddress;
    if (isFull) return undefined;
    this.#countByAddress.set(address, count + 1);
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        const left = this.#countByAddress.get(address)! - 1;
        if (left > 0) this.#countByAddress.set(address, left);
        else this.#countByAddress.delete(address);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#waiting.add(end);
    });
  }

  /** Ends all waits. */
  release(): void {
    for (const end of [...this.#waiting]) end();
  }
}
