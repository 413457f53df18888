/**
 * The speed limits of a session, and the time that its end takes.
 */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import { MemoryStorage } from "../../lib/mod.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { addressOf, openLocalSession, Share, timed } from "./share.ts";
import { SilentTracker } from "./silent_tracker.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** A stop takes at most 2 s where a tracker does not answer; the rest is slack. */
const LONGEST_STOP_MS = 15_000;
/** Less than the limits and silent hosts would take, and more than a busy machine. */
const AT_ONCE_MS = 6_000;
/** Two seconds, and what a busy machine adds. */
const LONGEST_TRANSFER_MS = 15_000;

Deno.test("the torrents of a session keep its download limit together", async () => {
  const samples = await Promise.all(
    ["a", "b"].map((name) => memoryTorrent({ name, length: 512 * KIB })),
  );
  await using seeding = openLocalSession();
  await using leeching = openLocalSession({
    maxDownloadBytesPerSecond: 512 * KIB,
  });
  const elapsedMs = await timed(async () => {
    const leechers = await Promise.all(samples.map(async (sample) => {
      await Share.start(seeding, sample, fullStorage(sample));
      const leecher = await Share.start(leeching, sample);
      leecher.transfer.addPeers([addressOf(seeding)]);
      return leecher;
    }));
    for (const leecher of leechers) await leecher.first("completed");
  });
  // 1 MiB at 512 KiB a second takes 2 s; the first tenth of a second is free.
  assertGreater(elapsedMs, 1_600);
  assertLess(elapsedMs, LONGEST_TRANSFER_MS);
});

Deno.test("a session keeps its upload limit for all its peers together", async () => {
  const sample = await memoryTorrent({ length: 512 * KIB });
  await using seeding = openLocalSession({
    maxUploadBytesPerSecond: 512 * KIB,
  });
  const seeder = await Share.start(seeding, sample, fullStorage(sample));
  await using sessions = new AsyncDisposableStack();
  const elapsedMs = await timed(async () => {
    const leechers = await Promise.all([1, 2].map(async () => {
      const session = sessions.use(openLocalSession());
      const leecher = await Share.start(session, sample);
      leecher.transfer.addPeers([addressOf(seeding)]);
      return leecher;
    }));
    for (const leecher of leechers) await leecher.first("completed");
  });
  assertEquals(seeder.transfer.snapshot().uploadedBytes, MIB);
  assertGreater(elapsedMs, 1_600);
  assertLess(elapsedMs, LONGEST_TRANSFER_MS);
});

Deno.test("a tight upload limit does not slow the download beside it", async () => {
  const sample = await memoryTorrent({
    length: 4 * MIB,
    pieceLength: 16 * KIB,
  });
  const first = sample.content.slice();
  first.fill(0, MIB);
  await using seeding = openLocalSession();
  await using middle = openLocalSession({ maxUploadBytesPerSecond: 16 * KIB });
  await using last = openLocalSession();
  await Share.start(seeding, sample, fullStorage(sample));
  const busy = await Share.start(middle, sample, new MemoryStorage(first));
  const greedy = await Share.start(last, sample);
  // Its whole quarter is requested before its own download begins.
  greedy.transfer.addPeers([addressOf(middle)]);
  await greedy.first("pieceVerified");
  busy.transfer.addPeers([addressOf(seeding)]);
  const elapsedMs = await timed(() => busy.first("completed"));
  // At the upload limit it would take three minutes.
  assertLess(elapsedMs, 30_000);
});

Deno.test("a session ends in time although its tracker accepts connections and never answers", async () => {
  using silent = new SilentTracker();
  const sample = await memoryTorrent({
    length: MIB,
    announce: [silent.announceUrl],
  });
  const session = openLocalSession();
  await Share.start(session, sample);
  await silent.connected();
  const elapsedMs = await timed(() => session[Symbol.asyncDispose]());
  assertLess(elapsedMs, LONGEST_STOP_MS);
});

Deno.test("a session ends at once in the middle of transfers that its limits delay", async () => {
  const sample = await memoryTorrent({ length: 4 * MIB });
  const limits = {
    maxUploadBytesPerSecond: 2 * KIB,
    maxDownloadBytesPerSecond: 2 * KIB,
  };
  const left = openLocalSession(limits);
  const right = openLocalSession(limits);
  const seeder = await Share.start(left, sample, fullStorage(sample));
  const leecher = await Share.start(right, sample);
  leecher.transfer.addPeers([addressOf(left)]);
  while (seeder.transfer.snapshot().uploadedBytes === 0) await delay(10);
  // Now both have to wait for some seconds.
  assertLess(await timed(() => right[Symbol.asyncDispose]()), AT_ONCE_MS);
  assertLess(await timed(() => left[Symbol.asyncDispose]()), AT_ONCE_MS);
});

Deno.test("a session ends at once while it dials hosts that do not answer", async () => {
  const sample = await memoryTorrent({ length: MIB });
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const session = openLocalSession();
  const { transfer } = await Share.start(session, sample);
  transfer.addPeers([{ hostname: "127.0.0.1", port: silent.addr.port }]);
  using _call = await silent.accept();
  assertLess(await timed(() => session[Symbol.asyncDispose]()), AT_ONCE_MS);
});

Deno.test("a session ends at once while handshakes are pending", async () => {
  const session = openLocalSession();
  using caller = await Deno.connect(addressOf(session));
  await caller.write(new TextEncoder().encode("\x13BitTorrent"));
  assertLess(await timed(() => session[Symbol.asyncDispose]()), AT_ONCE_MS);
});
