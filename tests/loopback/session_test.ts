/**
 * Sessions of the library on real sockets, several in one process, with content in
 * memory.
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLess,
} from "@std/assert";
import { delay } from "@std/async/delay";
import {
  type AnnounceReply,
  MemoryStorage,
  startTracker,
} from "../../lib/mod.ts";
import { freePort } from "./machine.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { addressOf, assertWhole, openLocalSession, Share } from "./share.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

Deno.test("one seeder serves four leechers that find it through a tracker", async () => {
  const changes: string[] = [];
  await using tracker = await startTracker({
    port: 0,
    hostname: "127.0.0.1",
    onChange: ({ type }) => changes.push(type),
  });
  const sample = await memoryTorrent({
    length: 4 * MIB + 1234,
    announce: [tracker.announceUrl],
  });
  const leechers: Share[] = [];
  {
    await using sessions = new AsyncDisposableStack();
    const seeder = await Share.start(
      sessions.use(openLocalSession()),
      sample,
      fullStorage(sample),
    );
    await seeder.first("announced");
    for (let count = 0; count < 4; count++) {
      const session = sessions.use(openLocalSession());
      leechers.push(await Share.start(session, sample));
    }
    for (const leecher of leechers) await leecher.first("completed");
    const uploaded = seeder.transfer.snapshot().uploadedBytes;
    assertGreater(uploaded, sample.content.length - 1);
    for (const leecher of leechers) {
      await assertWhole(leecher, sample);
      const { state, verifiedLength } = leecher.transfer.snapshot();
      assertEquals([state, verifiedLength], ["seeding", 4 * MIB + 1234]);
    }
    assertEquals(seeder.count("completed"), 0);
  }
  for (const leecher of leechers) {
    assertEquals(leecher.count("completed"), 1);
    assertEquals(leecher.count("pieceVerified"), 65);
    assertEquals(leecher.count("pieceCorrupt"), 0);
  }
  // All joined, the leechers completed, and all announced stopped.
  const endMs = performance.now() + 30_000;
  while (changes.length < 14 && performance.now() < endMs) await delay(10);
  assertEquals(changes.filter((change) => change === "completed").length, 4);
  assertEquals(changes.filter((change) => change === "joined").length, 5);
  assertEquals(changes.filter((change) => change === "left").length, 5);
});

Deno.test("a session shares several torrents through one port", async () => {
  const samples = await Promise.all(
    [300 * KIB, 1, 700_001].map((length) =>
      memoryTorrent({ name: `${length}.bin`, length })
    ),
  );
  await using seeding = openLocalSession();
  await using leeching = openLocalSession();
  const leechers: Share[] = [];
  for (const sample of samples) {
    await Share.start(seeding, sample, fullStorage(sample));
    const leecher = await Share.start(leeching, sample);
    leecher.transfer.addPeers([addressOf(seeding)]);
    leechers.push(leecher);
  }
  for (const [index, leecher] of leechers.entries()) {
    await leecher.first("completed");
    await assertWhole(leecher, samples[index]!);
  }
});

Deno.test("a torrent of empty files is complete from the start", async () => {
  const sample = await memoryTorrent({ length: 0 });
  await using session = openLocalSession();
  const { transfer } = await Share.start(session, sample);
  assertEquals(transfer.isComplete, true);
  assertEquals(transfer.snapshot().state, "seeding");
});

Deno.test("two peers with a half each finish from each other over one connection", async () => {
  const sample = await memoryTorrent({ length: 8 * MIB });
  const half = sample.content.length / 2;
  const blank = new Uint8Array(half);
  await using left = openLocalSession();
  await using right = openLocalSession();
  const storages = [0, half].map((offset) => {
    const content = sample.content.slice();
    content.set(blank, offset);
    return new MemoryStorage(content);
  });
  const one = await Share.start(left, sample, storages[0]);
  const other = await Share.start(right, sample, storages[1]);
  assertEquals(one.transfer.snapshot().verifiedLength, half);
  one.transfer.addPeers([addressOf(right)]);
  await Promise.all([one.first("completed"), other.first("completed")]);
  for (const share of [one, other]) {
    await assertWhole(share, sample);
    assertEquals(share.count("peerConnected"), 1);
    const { downloadedBytes, wastedBytes } = share.transfer.snapshot();
    assertEquals([downloadedBytes, wastedBytes], [half, 0]);
  }
});

Deno.test("peers that dial each other at once end with one connection", async () => {
  const sample = await memoryTorrent({ length: 2 * MIB });
  for (let round = 0; round < 10; round++) {
    await using left = openLocalSession();
    await using right = openLocalSession();
    const seeder = await Share.start(left, sample, fullStorage(sample));
    const leecher = await Share.start(right, sample);
    seeder.transfer.addPeers([addressOf(right)]);
    leecher.transfer.addPeers([addressOf(left)]);
    await leecher.first("completed");
    assertLess(seeder.transfer.snapshot().peers.length, 2);
    for (const share of [seeder, leecher]) {
      const openCount = share.count("peerConnected") -
        share.count("peerDisconnected");
      assertLess(openCount, 2);
    }
  }
});

Deno.test("a transfer goes on without its tracker, and announces once it is up", async () => {
  const port = freePort();
  const sample = await memoryTorrent({
    length: MIB,
    announce: [`http://127.0.0.1:${port}/announce`],
  });
  await using seeding = openLocalSession();
  await using leeching = openLocalSession();
  await Share.start(seeding, sample, fullStorage(sample));
  const leecher = await Share.start(leeching, sample);
  const { url, reason } = await leecher.first("announceFailed");
  assertEquals(url, sample.torrent.announce[0]![0]);
  assert(reason.includes("refused"), reason);
  leecher.transfer.addPeers([addressOf(seeding)]);
  await leecher.first("completed");
  await assertWhole(leecher, sample);
  const changes: string[] = [];
  await using _tracker = await startTracker({
    port,
    hostname: "127.0.0.1",
    onChange: ({ type, address }) => {
      if (address.port === leeching.port) changes.push(type);
    },
  });
  await leecher.first("announced");
  assertEquals(changes[0], "joined");
});

Deno.test("a session refuses a torrent that it shares already", async () => {
  const sample = await memoryTorrent({ length: 10 });
  await using session = openLocalSession();
  await Share.start(session, sample);
  let thrown: unknown;
  try {
    await Share.start(session, sample);
  } catch (error) {
    thrown = error;
  }
  assertInstanceOf(thrown, TypeError);
});

Deno.test("a session listens on the next free port if its own is taken", async () => {
  await using first = openLocalSession();
  await using second = openLocalSession({ port: first.port });
  assertGreater(second.port, first.port);
  assertLess(second.port, first.port + 20);
});

Deno.test("a session of many torrents begins to announce that it stops at once", async () => {
  const stopped: string[] = [];
  const session = openLocalSession({
    announce: (_url, { event, infoHash }) => {
      if (event === "stopped") stopped.push(infoHash);
      return Promise.resolve(EMPTY_REPLY);
    },
  });
  const shares: Share[] = [];
  for (let index = 0; index < 100; index++) {
    const sample = await memoryTorrent({
      length: 100 + index,
      announce: ["http://127.0.0.1:9/announce"],
    });
    shares.push(await Share.start(session, sample, fullStorage(sample)));
  }
  for (const share of shares) await share.first("announced");
  const closed = session[Symbol.asyncDispose]();
  await delay(0);
  const early = stopped.length;
  assert(early > 0 && early < 100, `${early} announces in the first turn`);
  await closed;
  assertEquals(new Set(stopped).size, 100);
});

const EMPTY_REPLY: AnnounceReply = {
  intervalMs: 60_000,
  minIntervalMs: 60_000,
  complete: undefined,
  incomplete: undefined,
  peers: [],
  warning: undefined,
  trackerId: undefined,
};
