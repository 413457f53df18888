/**
 * Peers that announce to a store, and what they are told, as short texts.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import type { InfoHash } from "../../lib/base/identifier.ts";
import type {
  AcceptedAnnounce,
  PeerAnnounce,
  PeerStore,
} from "../../lib/tracker/store/peer_store.ts";
import {
  openStore,
  type OpenStoreOptions,
} from "../../lib/tracker/store/open_store.ts";
import {
  addressesOf,
  infoHash,
  peerAnnounce,
  portOf,
} from "../core/announce/samples.ts";

/** Opens an empty store with a timeout, in milliseconds, by default a long one. */
export type StoreOpener = (peerTimeoutMs?: number) => Promise<PeerStore>;

/** What is to hold for every store, by its name. */
export type StoreCases = Readonly<
  Record<string, (open: StoreOpener) => Promise<void>>
>;

/** What a test says of an announce: from which port, and what is unusual of it. */
export type AnnounceChanges = Partial<PeerAnnounce> & {
  readonly hostname?: string;
  readonly port?: number;
};

/** A peer's announce, from 192.0.2.1 and a port of its own unless said otherwise. */
export function announceOf(
  name: string,
  { hostname = "192.0.2.1", port = portOf(name), ...changes }: AnnounceChanges =
    {},
): PeerAnnounce {
  const isSeeder = changes.isSeeder ?? false;
  return peerAnnounce(name, {
    address: { hostname, port },
    progress: { uploaded: 0, downloaded: 0, left: isSeeder ? 0 : 1000 },
    ...changes,
  });
}

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
    maxSilenceMs: 20_000,
    ...options,
  });
}

/** Announces; fails the test if refused, or answered with a warning. */
export async function accept(
  store: PeerStore,
  name: string,
  changes: AnnounceChanges = {},
): Promise<AcceptedAnnounce> {
  const outcome = await acceptAnyhow(store, name, changes);
  assertEquals(outcome.warning, undefined);
  return outcome;
}

/** Announces while the store may lack its Redis; fails the test if refused. */
export async function acceptAnyhow(
  store: PeerStore,
  name: string,
  changes: AnnounceChanges = {},
): Promise<AcceptedAnnounce> {
  const announce = announceOf(name, changes);
  const outcome = await store.announce(announce, performance.now());
  assert(outcome.type === "accepted", JSON.stringify(outcome));
  return outcome;
}

/** `1 seeders 2 leechers 3 downloads` of a swarm as "1 2 3". */
export async function counts(
  store: PeerStore,
  swarm: InfoHash = infoHash("a"),
): Promise<string> {
  const [entry] = await store.scrape([swarm]);
  return entry === undefined
    ? "unknown"
    : `${entry.complete} ${entry.incomplete} ${entry.downloaded}`;
}

/** The ports that were given out, in order. */
export function ports({ peers }: AcceptedAnnounce): number[] {
  return addressesOf(peers).map(({ port }) => port).sort((a, b) => a - b);
}

/** `[2001:db8::1]:6881`, sorted. */
export function addresses({ peers }: AcceptedAnnounce): string[] {
  return addressesOf(peers).map(({ hostname, port }) =>
    hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`
  ).sort();
}

/** Fills a swarm with seeders on ports from 10,000 and leechers on ports from 20,000. */
export async function fill(
  store: PeerStore,
  seeders: number,
  leechers: number,
  changes: AnnounceChanges = {},
): Promise<void> {
  const join = (port: number, isSeeder: boolean): Promise<unknown> =>
    accept(store, `${port}`, { port, isSeeder, numwant: 0, ...changes });
  const joining: Promise<unknown>[] = [];
  for (let index = 0; index < seeders; index++) {
    joining.push(join(10_000 + index, true));
  }
  for (let index = 0; index < leechers; index++) {
    joining.push(join(20_000 + index, false));
  }
  await Promise.all(joining);
}

/**
 * Waits until something is so.
 * @throws {Error} If it is not after a long time.
 */
export async function until(
  isSo: () => Promise<boolean> | boolean,
  what: string,
): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!await isSo()) {
    if (performance.now() > endMs) throw new Error(`Cannot see that ${what}`);
    await delay(20);
  }
}
