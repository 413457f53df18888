/**
 * Clears silent peers away now and then, a part at a time. Between two parts the
 * thread has time for others, as much as for this: nobody waits for the end of
 * it, and where the machine is busy the system does not take the tracker for one
 * that only burns time.
 *
 * @module
 */
import type { PeerStore } from "./store/peer_store.ts";

/** Time between two parts, in milliseconds. */
const PAUSE_MS = 4;

/** Clears away until it is disposed of; the first time after `intervalMs`. */
export function cleanUpEvery(
  intervalMs: number,
  store: Pick<PeerStore, "expire">,
): Disposable {
  const cleanUp = (): void => {
    const hasMore = store.expire(performance.now());
    timer = setTimeout(cleanUp, hasMore ? PAUSE_MS : intervalMs);
  };
  let timer = setTimeout(cleanUp, intervalMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
