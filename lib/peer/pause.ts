/**
 * Waiting that ends early with what it is part of.
 *
 * @module
 */
import { delay } from "@std/async/delay";

/** Resolves after so many milliseconds, or when `signal` is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  try {
    await delay(ms, { signal });
  } catch (error) {
    // What waited is over: nobody has to wait for it.
    if (!signal.aborted) throw error;
  }
}
