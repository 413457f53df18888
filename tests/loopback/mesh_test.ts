/**
 * Peers find each other: by peer exchange without a tracker, and through a tracker
 * in either order.
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  buildTorrent,
  parseTorrent,
  sha1,
  startTracker,
} from "../../lib/mod.ts";
import { PRODUCT } from "../../lib/base/version.ts";
import {
  fullStorage,
  type MemoryTorrent,
  memoryTorrent,
} from "./memory_torrent.ts";
import { addressOf, openLocalSession, Share, timed } from "./share.ts";

const MIB = 1024 * 1024;

/** Time for peer exchange, in milliseconds; the first message comes after 2 s. */
const MESH_TIMEOUT_MS = 120_000;

/** Waits for a condition. @throws {Error} If it is not met in time. */
async function until(
  what: string,
  holds: () => boolean,
  timeoutMs = MESH_TIMEOUT_MS,
): Promise<void> {
  for (const end = performance.now() + timeoutMs; !holds();) {
    if (performance.now() > end) throw new Error(`not in time: ${what}`);
    await delay(20);
  }
}

function peerCount(share: Share): number {
  return share.transfer.snapshot().peers.length;
}

/** The sample as a private torrent. [BEP 27] */
async function madePrivate(sample: MemoryTorrent): Promise<MemoryTorrent> {
  const { name, geometry, pieceHashes } = sample.torrent;
  const bytes = buildTorrent({
    name,
    content: { type: "file", length: geometry.length },
    pieceLength: geometry.pieceLength,
    pieceHashes,
    announce: [],
    isPrivate: true,
  });
  return { ...sample, torrent: await parseTorrent(bytes, { sha1 }) };
}

/** Three leechers without a seeder; two know only the first. */
async function threeLeechers(
  sample: MemoryTorrent,
  sessions: AsyncDisposableStack,
): Promise<Share[]> {
  const shares: Share[] = [];
  const [first, ...others] = Array.from(
    { length: 3 },
    () => sessions.use(openLocalSession()),
  );
  for (const session of [first!, ...others]) {
    shares.push(await Share.start(session, sample));
  }
  for (const share of shares.slice(1)) {
    share.transfer.addPeers([addressOf(first!)]);
  }
  return shares;
}

Deno.test("peers that know one peer find each other through it", async () => {
  await using sessions = new AsyncDisposableStack();
  const sample = await memoryTorrent({ length: MIB });
  const shares = await threeLeechers(sample, sessions);
  await until(
    "all are connected with all",
    () => shares.every((share) => peerCount(share) === 2),
  );
  await until(
    "all know what all are",
    () =>
      shares.every(({ transfer }) =>
        transfer.snapshot().peers.every(({ client }) => client === PRODUCT)
      ),
  );
});

Deno.test("peers of a private torrent do not exchange peers", async () => {
  await using sessions = new AsyncDisposableStack();
  const sample = await madePrivate(await memoryTorrent({ length: MIB }));
  assert(sample.torrent.isPrivate);
  const shares = await threeLeechers(sample, sessions);
  await until(
    "both are connected with the first",
    () => peerCount(shares[0]!) === 2,
  );
  // A public torrent's peers would be exchanged after two seconds.
  await delay(5_000);
  assertEquals(shares.map(peerCount), [2, 1, 1]);
});

Deno.test("a leecher that came before its seeder is dialed by the seeder, and receives at once", async () => {
  await using tracker = await startTracker({ port: 0, hostname: "127.0.0.1" });
  const sample = await memoryTorrent({
    length: MIB,
    announce: [tracker.announceUrl],
  });
  await using leeching = openLocalSession();
  await using seeding = openLocalSession();
  const leecher = await Share.start(leeching, sample);
  await leecher.first("announced");
  // It would announce again after two minutes, or half a minute while alone.
  let seeder: Share | undefined;
  const tookMs = await timed(async () => {
    seeder = await Share.start(seeding, sample, fullStorage(sample));
    await leecher.first("completed");
  });
  assertEquals(leecher.count("peerConnected"), 1);
  const { address } = await seeder!.first("peerConnected");
  assertEquals(address, addressOf(leeching));
  // It takes a fraction of this on an idle machine.
  assertLess(tookMs, 25_000);
});

Deno.test("a leecher that learns the address of a peer that has connected to it keeps that connection", async () => {
  await using seeding = openLocalSession({ maxUploadBytesPerSecond: MIB });
  await using leeching = openLocalSession();
  const sample = await memoryTorrent({ length: 2 * MIB });
  const leecher = await Share.start(leeching, sample);
  const seeder = await Share.start(seeding, sample, fullStorage(sample));
  seeder.transfer.addPeers([addressOf(leeching)]);
  await leecher.first("pieceVerified");
  leecher.transfer.addPeers([addressOf(seeding)]);
  await leecher.first("completed");
  assertEquals(leecher.count("peerConnected"), 1);
});
