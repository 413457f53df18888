/**
 * A store of a test's own making.
 *
 * @module
 */
import type { PeerStore } from "../../../../lib/tracker/store/peer_store.ts";

/** A store that does what a test says, and fails whatever else it is asked. */
export function storeThat(does: Partial<PeerStore>): PeerStore {
  const unexpected = (): never => {
    throw new Error("Cannot answer: the test's store has no such answer");
  };
  return {
    announce: unexpected,
    scrape: unexpected,
    swarms: unexpected,
    totals: unexpected,
    peers: unexpected,
    expire: unexpected,
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...does,
  };
}
