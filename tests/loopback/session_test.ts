/**
 * Sessions of the library on real sockets, several in one process, their content
 * in memory.
 *
 * @module
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
  MemoryStorage,
  type Session,
  startTracker,
  type Storage,
  StorageError,
} from "../../lib/mod.ts";
import {
  fullStorage,
  type MemoryTorrent,
  memoryTorrent,
} from "./memory_torrent.ts";
import { addressOf, contentOf, openLocalSession, Share } from "./sharing.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** A stop is to take 2 s at most where a tracker does not answer; the rest is slack. */
const LONGEST_STOP_MS = 2_600;

async function assertWhole(share: Share, sample: MemoryTorrent): Promise<void> {
  const content = await contentOf(share.storage, sample);
  // assertEquals() would take a second to compare a mebibyte.
  assert(content.every((byte, offset) => byte === sample.content[offset]));
}

/** How long something took, in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A port of 127.0.0.1 that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A storage of which some parts do not work as they should. */
function faultyStorage(storage: Storage, fault: Partial<Storage>): Storage {
  return {
    read: fault.read ?? ((offset, into) => storage.read(offset, into)),
    write: fault.write ?? ((offset, bytes) => storage.write(offset, bytes)),
    presentRanges: () => storage.presentRanges(),
    [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
  };
}

Deno.test("one seeder serves four leechers found through a tracker", async () => {
  const changes: string[] = [];
  await using tracker = startTracker({
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
  // All joined, the leechers completed, and all said that they leave.
  changes.sort();
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

Deno.test("the download limit of a session is kept by all its torrents together", async () => {
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
  // 1 MiB at 512 KiB a second is 2 s, of which a tenth of a second is free.
  assertGreater(elapsedMs, 1_600);
  assertLess(elapsedMs, 4_000);
});

Deno.test("the upload limit of a session is kept towards all its peers together", async () => {
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
  assertLess(elapsedMs, 4_000);
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
  // Its whole quarter is asked for before its own download begins.
  greedy.transfer.addPeers([addressOf(middle)]);
  await greedy.first("pieceVerified");
  busy.transfer.addPeers([addressOf(seeding)]);
  const elapsedMs = await timed(() => busy.first("completed"));
  assertLess(elapsedMs, 3_000);
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
  const { url, reason } = await leecher.first("failed");
  assertEquals(url, sample.torrent.announce[0]![0]);
  assert(reason.includes("refused"), reason);
  leecher.transfer.addPeers([addressOf(seeding)]);
  await leecher.first("completed");
  await assertWhole(leecher, sample);
  const changes: string[] = [];
  await using _tracker = startTracker({
    port,
    hostname: "127.0.0.1",
    onChange: ({ type, address }) => {
      if (address.port === leeching.port) changes.push(type);
    },
  });
  await leecher.first("announced");
  assertEquals(changes[0], "joined");
});

Deno.test("a session ends in time although its tracker takes calls and never answers", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sample = await memoryTorrent({
    length: MIB,
    announce: [`http://127.0.0.1:${silent.addr.port}/announce`],
  });
  const session = openLocalSession();
  await Share.start(session, sample);
  using _announce = await silent.accept();
  const elapsedMs = await timed(() => session[Symbol.asyncDispose]());
  assertLess(elapsedMs, LONGEST_STOP_MS);
});

Deno.test("a session ends at once in the middle of transfers that its limits hold back", async () => {
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
  // Now both owe some seconds of waiting.
  assertLess(await timed(() => right[Symbol.asyncDispose]()), 500);
  assertLess(await timed(() => left[Symbol.asyncDispose]()), 500);
});

Deno.test("a session ends at once while it dials hosts that do not answer", async () => {
  const sample = await memoryTorrent({ length: MIB });
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const session = openLocalSession();
  const { transfer } = await Share.start(session, sample);
  transfer.addPeers([{ hostname: "127.0.0.1", port: silent.addr.port }]);
  using _call = await silent.accept();
  assertLess(await timed(() => session[Symbol.asyncDispose]()), 500);
});

Deno.test("a session ends at once while callers are in the middle of their hello", async () => {
  const session = openLocalSession();
  using caller = await Deno.connect(addressOf(session));
  await caller.write(new TextEncoder().encode("\x13BitTorrent"));
  assertLess(await timed(() => session[Symbol.asyncDispose]()), 500);
});

Deno.test("a disk that refuses to be written ends its torrent and no other", async () => {
  const [full, fine] = await Promise.all(
    ["full", "fine"].map((name) => memoryTorrent({ name, length: MIB })),
  ) as [MemoryTorrent, MemoryTorrent];
  await using seeding = openLocalSession();
  await using leeching = openLocalSession();
  let freeWrites = 3;
  const refused = new StorageError("Cannot write full: the disk is full");
  const room = new MemoryStorage(MIB);
  const disk = faultyStorage(room, {
    write: async (offset, bytes) => {
      if (freeWrites-- <= 0) throw refused;
      await room.write(offset, bytes);
    },
  });
  for (const sample of [full, fine]) {
    await Share.start(seeding, sample, fullStorage(sample));
  }
  const stopped = await Share.start(leeching, full, disk);
  const other = await Share.start(leeching, fine);
  stopped.transfer.addPeers([addressOf(seeding)]);
  const { error } = await stopped.first("storageFailed");
  assertEquals(error, refused);
  other.transfer.addPeers([addressOf(seeding)]);
  await other.first("completed");
  await assertWhole(other, fine);
  const { state, peers } = stopped.transfer.snapshot();
  assertEquals([state, peers], ["failed", []]);
  assertEquals(stopped.count("storageFailed"), 1);
  assertEquals(stopped.count("pieceVerified"), 3);
});

Deno.test("a disk that refuses to be read ends the seeder's torrent; the leecher turns to another", async () => {
  const sample = await memoryTorrent({ length: MIB });
  const disk = fullStorage(sample);
  let isBroken = false;
  const breaking = faultyStorage(disk, {
    read: async (offset, into) => {
      if (isBroken) throw new StorageError("Cannot read a: the disk is gone");
      await disk.read(offset, into);
    },
  });
  await using sessions = new AsyncDisposableStack();
  const open = (): Session => sessions.use(openLocalSession());
  const [bad, good, leeching] = [open(), open(), open()];
  const broken = await Share.start(bad, sample, breaking);
  await Share.start(good, sample, fullStorage(sample));
  const leecher = await Share.start(leeching, sample);
  isBroken = true;
  leecher.transfer.addPeers([addressOf(bad)]);
  const { error } = await broken.first("storageFailed");
  assertInstanceOf(error, StorageError);
  leecher.transfer.addPeers([addressOf(good)]);
  await leecher.first("completed");
  const { state, peers } = broken.transfer.snapshot();
  assertEquals([state, peers], ["failed", []]);
});

Deno.test({
  name:
    "a host that sends wrong content is banned; a good one completes the file",
  // Only on Linux is every address of 127.0.0.0/8 there without being set up.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const sample = await memoryTorrent({ length: 2 * MIB });
    const right = fullStorage(sample);
    let isLying = false;
    const lying = faultyStorage(right, {
      read: async (offset, into) => {
        await right.read(offset, into);
        if (isLying) into[5]! ^= 1;
      },
    });
    await using bad = openLocalSession({ hostname: "127.0.0.2" });
    await using good = openLocalSession({ hostname: "127.0.0.3" });
    await using leeching = openLocalSession();
    await Share.start(bad, sample, lying);
    await Share.start(good, sample, right);
    const leecher = await Share.start(leeching, sample);
    isLying = true;
    leecher.transfer.addPeers([addressOf(bad, "127.0.0.2")]);
    const { hostname } = await leecher.first("peerBanned");
    assertEquals(hostname, "127.0.0.2");
    leecher.transfer.addPeers([addressOf(good, "127.0.0.3")]);
    await leecher.first("completed");
    await assertWhole(leecher, sample);
    assertEquals(leecher.count("peerBanned"), 1);
    assertGreater(leecher.count("pieceCorrupt"), 0);
  },
});

Deno.test("a session does not take a torrent twice", async () => {
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

Deno.test("a session takes the next free port where the one asked for is taken", async () => {
  await using first = openLocalSession();
  await using second = openLocalSession({ port: first.port });
  assertGreater(second.port, first.port);
  assertLess(second.port, first.port + 20);
});
