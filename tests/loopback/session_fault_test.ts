/**
 * Sessions with a storage that fails, and with a peer that sends wrong content.
 */
import { assertEquals, assertGreater, assertInstanceOf } from "@std/assert";
import {
  MemoryStorage,
  type Session,
  type Storage,
  StorageError,
} from "../../lib/mod.ts";
import {
  fullStorage,
  type MemoryTorrent,
  memoryTorrent,
} from "./memory_torrent.ts";
import { addressOf, assertWhole, openLocalSession, Share } from "./share.ts";

const MIB = 1024 * 1024;

/** A storage whose methods can be replaced. */
function faultyStorage(storage: Storage, fault: Partial<Storage>): Storage {
  return {
    read: fault.read ?? ((offset, into) => storage.read(offset, into)),
    write: fault.write ?? ((offset, bytes) => storage.write(offset, bytes)),
    presentRanges: () => storage.presentRanges(),
    [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
  };
}

Deno.test("a storage that fails to write ends its torrent and no other", async () => {
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

Deno.test("a storage that fails to read ends the seeder's torrent; the leecher turns to another seeder", async () => {
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
  // Only Linux has every address of 127.0.0.0/8 without setup.
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
