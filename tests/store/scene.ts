/**
 * Peers that announce to a store, and what they are told, as short texts.
 */
import { assertEquals } from "@std/assert";
import { formatPeerAddress } from "../../lib/base/peer_address.ts";
import type {
  AcceptedAnnounce,
  OpenStoreOptions,
  PeerStore,
} from "../../lib/tracker/store/peer_store.ts";
import { openStore } from "../../lib/tracker/store/open_store.ts";
import { addressesOf, type AnnounceChanges } from "../core/announce/samples.ts";
import {
  accept as acceptAt,
  fill as fillAt,
} from "../core/tracker/store/memory_scene.ts";

export { counts, ports } from "../core/tracker/store/memory_scene.ts";

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
  return acceptAt(store, name, changes, performance.now());
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
  const all = { numwant: 0, ...changes };
  fillAt(store, seeders, leechers, all, performance.now());
}
