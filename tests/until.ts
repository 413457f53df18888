/**
 * Waits for what is seen only by asking again.
 */
import { delay } from "@std/async/delay";

/** Far longer than anything takes on a slow machine. */
const LONGEST_WAIT_MS = 120_000;

/** Waits for a condition. @throws {Error} If it is not met after a long time. */
export async function until(
  isMet: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const endMs = performance.now() + LONGEST_WAIT_MS;
  while (!await isMet()) {
    if (performance.now() > endMs) throw new Error(`Cannot see that ${what}`);
    await delay(20);
  }
}
