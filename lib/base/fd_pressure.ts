/**
 * Frees file descriptors when the process has none left. Files and sockets count
 * against one limit (EMFILE, ENFILE), so whoever holds many closes some for
 * whoever needs one. A session makes one object and passes it to everything that
 * opens files or sockets for it.
 *
 * @module
 */

/** A shortage within this time after another is the same one, in milliseconds. */
const SAME_SHORTAGE_MS = 200;

/** Closes some descriptors; `nowMs` is on the process's clock. */
export type ReleaseDescriptors = (nowMs: number) => void;

/** The descriptors of one session: who holds some, and who needs one. */
export class FdPressure {
  readonly #holders = new Set<ReleaseDescriptors>();
  #lastShortageMs = -Infinity;

  /** Calls `release` on each shortage until the result is disposed of. */
  onShortage(release: ReleaseDescriptors): Disposable {
    this.#holders.add(release);
    return { [Symbol.dispose]: () => void this.#holders.delete(release) };
  }

  /**
   * Asks every holder to close some descriptors if `error` was caused by a
   * shortage.
   * @returns Whether it was.
   */
  relieve(error: unknown, nowMs: number): boolean {
    if (!isDescriptorShortage(error)) return false;
    if (nowMs - this.#lastShortageMs >= SAME_SHORTAGE_MS) {
      this.#lastShortageMs = nowMs;
      for (const release of this.#holders) release(nowMs);
    }
    return true;
  }
}

/** True if an error, or its cause, says that no descriptor is left. */
export function isDescriptorShortage(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = "code" in cause ? cause.code : undefined;
    if (code === "EMFILE" || code === "ENFILE") return true;
    // An error of Deno's `fetch` has no code, only the number in its text.
    if (/\(os error 2[34]\)/.test(cause.message)) return true;
  }
  return false;
}
