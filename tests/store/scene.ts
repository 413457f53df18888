/**
 * Peers that announce to a store, and what they are told, as short texts.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { formatPeerAddress } from "../../lib/base/peer_address.ts";
import type { InfoHash } from "../../lib/base/identifier.ts";
import type {
  AcceptedAnnounce,
  PeerStore,
} from "../../lib/tracker/store/peer_store.ts";
import type { OpenStoreOptions } from "../../lib/tracker/store/peer_store.ts";
import { openStore } from "../../lib/tracker/store/open_store.ts";
import {
  addressesOf,
  type AnnounceChanges,
  infoHash,
  peerAnnounce,
} from "../core/announce/samples.ts";

/** Far longer than anything takes on a slow machine. */
const LONGEST_WAIT_MS = 120_000;

/** Opens an empty store with a timeout, in milliseconds, by default a long one. */
export type StoreOpener = (peerTimeoutMs?: number) => Promise<PeerStore>;

/** Promises of every store, by their sentence. */
export type StoreCases = Readonly<
  Record<string, (open: StoreOpener) => Promise<void>>
>;

/**
 * Opens a store as the tracker does, but with much patience: on a machine that is
 * busy a Redis may say nothing for a second without being gone.
 */
export async function open(
  text: string,
  options: Partial<OpenStoreOptions> = {},
): Promise<PeerStore> {
  return await openStore(text, {
    peerTimeoutMs: 180_000,
    random: Math.random,
    maxReplyMs: 20_000,
    ...options,
  });
}

/** Announces; fails the test if the announce is refused, or answered with a warning. */
export function accept(
  store: PeerStore,
  name: string,
  changes: AnnounceChanges = {},
): AcceptedAnnounce {
  const outcome = acceptAnyhow(store, name, changes);
  assertEquals(outcome.warning, undefined);
  return outcome;
}

/** Announces while the store may lack its Redis; fails the test if the announce is refused. */
export function acceptAnyhow(
  store: PeerStore,
  name: string,
  changes: AnnounceChanges = {},
): AcceptedAnnounce {
  const announce = peerAnnounce(name, changes);
  const outcome = store.announce(announce, performance.now());
  assert(outcome.type === "accepted", JSON.stringify(outcome));
  return outcome;
}

/** Seeders, leechers and downloads of a swarm: "1 2 3". */
export function counts(
  store: PeerStore,
  swarm: InfoHash = infoHash("a"),
): string {
  const [entry] = store.scrape([swarm]);
  return entry === undefined
    ? "unknown"
    : `${entry.complete} ${entry.incomplete} ${entry.downloaded}`;
}

/** The ports in a reply, sorted. */
export function ports({ peers }: AcceptedAnnounce): number[] {
  return addressesOf(peers).map(({ port }) => port).sort((a, b) => a - b);
}

/** The addresses in a reply, sorted: `[2001:db8::1]:6881`. */
export function addresses({ peers }: AcceptedAnnounce): string[] {
  return addressesOf(peers).map(formatPeerAddress).sort();
}

/** Fills a swarm with seeders on ports from 10,000 and leechers on ports from 20,000. */
export function fill(
  store: PeerStore,
  seeders: number,
  leechers: number,
  changes: AnnounceChanges = {},
): void {
  const join = (port: number, isSeeder: boolean): AcceptedAnnounce =>
    acceptAnyhow(store, `${port}`, { port, isSeeder, numwant: 0, ...changes });
  for (let index = 0; index < seeders; index++) join(10_000 + index, true);
  for (let index = 0; index < leechers; index++) join(20_000 + index, false);
}

/**
 * Waits for a condition.
 * @throws {Error} If it is not met after a long time.
 */
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
