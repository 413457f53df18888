/**
 * Clears silent peers away now and then, a part at a time: between two parts the
 * loop turns, so that nobody waits for the end of it.
 *
 * @module
 */
import type { PeerStore } from "../tracker/peer_store.ts";

/** Clears away until it is disposed of; the first time after `intervalMs`. */
export function cleanUpEvery(
  intervalMs: number,
  store: Pick<PeerStore, "expire">,
): Disposable {
  const cleanUp = (): void => {
    const hasMore = store.expire(performance.now());
    timer = setTimeout(cleanUp, hasMore ? 0 : intervalMs);
  };
  let timer = setTimeout(cleanUp, intervalMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
