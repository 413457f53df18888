/**
 * A store in memory that tests announce to, and what they look at.
 */
import { assert } from "@std/assert";
import { seededRandom } from "../../../../lib/base/random.ts";
import { MemoryStore } from "../../../../lib/tracker/store/memory_store.ts";
import type {
  AcceptedAnnounce,
  OpenStoreOptions,
  PeerStore,
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
  store: PeerStore,
  name: string,
  changes: AnnounceChanges = {},
  nowMs = 0,
): AcceptedAnnounce {
  const outcome = store.announce(peerAnnounce(name, changes), nowMs);
  assert(outcome.type === "accepted", JSON.stringify(outcome));
  return outcome;
}

/** Seeders, leechers and downloads of a swarm, by default "a": "1 2 3". */
export function counts(store: PeerStore, swarm = infoHash("a")): string {
  const [entry] = store.scrape([swarm]);
  return entry === undefined
    ? "unknown"
    : `${entry.complete} ${entry.incomplete} ${entry.downloaded}`;
}

/** Looks through all of the store for silent peers. */
export function expireAll(store: MemoryStore, nowMs: number): void {
  while (store.expire(nowMs));
}

/** The ports of the peers that were given out, in order. */
export function ports({ peers }: AcceptedAnnounce): number[] {
  return addressesOf(peers).map(({ port }) => port).sort((a, b) => a - b);
}

/** The hosts of the peers that were given out, in order. */
export function hosts(outcome: AcceptedAnnounce): string[] {
  return addressesOf(outcome.peers).map(({ hostname }) => hostname).sort();
}

/** Fills a swarm, by default "a", with seeders on ports from 10,000 and leechers on ports from 20,000. */
export function fill(
  store: PeerStore,
  seeders: number,
  leechers: number,
  changes: AnnounceChanges = {},
  nowMs = 0,
): void {
  const join = (port: number, isSeeder: boolean): void => {
    accept(store, `${port}`, { port, isSeeder, ...changes }, nowMs);
  };
  for (let index = 0; index < seeders; index++) join(10_000 + index, true);
  for (let index = 0; index < leechers; index++) join(20_000 + index, false);
}
