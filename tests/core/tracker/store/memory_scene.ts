/**
 * A store in memory that tests announce to, and what they look at.
 *
 * @module
 */
import { assert } from "@std/assert";
import { seededRandom } from "../../../../lib/base/random.ts";
import { MemoryStore } from "../../../../lib/tracker/store/memory_store.ts";
import type {
  AcceptedAnnounce,
  OpenStoreOptions,
} from "../../../../lib/tracker/store/peer_store.ts";
import {
  addressesOf,
  type AnnounceChanges,
  infoHash,
  peerAnnounce,
} from "../../announce/samples.ts";

/** A store whose choices are always the same. */
export function memoryStore(
  options: Partial<OpenStoreOptions> = {},
): MemoryStore {
  return new MemoryStore({
    peerTimeoutMs: 180_000,
    random: seededRandom(1),
    ...options,
  });
}

/** Announces at second 0 unless said otherwise; fails the test if refused. */
export function accept(
  store: MemoryStore,
  name: string,
  changes: AnnounceChanges = {},
  nowMs = 0,
): AcceptedAnnounce {
  const outcome = store.announce(peerAnnounce(name, changes), nowMs);
  assert(outcome.type === "accepted", JSON.stringify(outcome));
  return outcome;
}

/** `1 seeders 2 leechers 3 downloads` of swarm "a" as "1 2 3". */
export function counts(store: MemoryStore, digit = "a"): string {
  const [swarm] = store.scrape([infoHash(digit)]);
  return swarm === undefined
    ? "unknown"
    : `${swarm.complete} ${swarm.incomplete} ${swarm.downloaded}`;
}

/** Looks through all of the store for silent peers. */
export function expireAll(store: MemoryStore, nowMs: number): void {
  while (store.expire(nowMs));
}

/** The ports of the peers that were given out, in order. */
export function ports(outcome: AcceptedAnnounce): number[] {
  return addressesOf(outcome.peers).map(({ port }) => port).sort((a, b) =>
    a - b
  );
}

/** The hosts of the peers that were given out, in order. */
export function hosts(outcome: AcceptedAnnounce): string[] {
  return addressesOf(outcome.peers).map(({ hostname }) => hostname).sort();
}

/** Fills swarm "a" with seeders on ports from 10,000 and leechers on ports from 20,000. */
export function fill(
  store: MemoryStore,
  seeders: number,
  leechers: number,
): void {
  const join = (port: number, isSeeder: boolean): void => {
    const address = { hostname: "192.0.2.1", port };
    accept(store, `${port}`, { address, isSeeder });
  };
  for (let index = 0; index < seeders; index++) join(10_000 + index, true);
  for (let index = 0; index < leechers; index++) join(20_000 + index, false);
}
