/**
 * Pieces that a worker thread writes by itself, in places that the storage lends.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { Bitfield } from "../../lib/base/bitfield.ts";
import { StorageError } from "../../lib/base/errors.ts";
import {
  type FileStorage,
  openFileStorage,
} from "../../lib/disk/file_storage.ts";
import { SpareCore } from "../../lib/disk/spare_core.ts";
import type { LendPlace } from "../../lib/disk/storage.ts";
import {
  type HashedPiece,
  WorkerHasher,
} from "../../lib/disk/worker_hasher.ts";
import type { Torrent } from "../../lib/metainfo/torrent.ts";
import { PieceStore } from "../../lib/peer/piece_store.ts";
import type { Swarm } from "../../lib/swarm/swarm.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { openScene, temporaryFolder } from "./temporary_folder.ts";
import { mountMemoryDisk, noMemoryDisk, unmount } from "./foreign_disk.ts";

const PIECE_LENGTH = 65_536;
const isWindows = Deno.build.os === "windows";

/** A core that is always spare. */
class FoundCore extends SpareCore {
  override isFound(): boolean {
    return true;
  }
}

/** A hasher whose workers have started. */
async function openHelper(): Promise<WorkerHasher> {
  const hasher = new WorkerHasher(2, new FoundCore());
  while (hasher.workersFor(0).length < 2) {
    await hasher.hash(new Uint8Array(1024 * 1024));
    await delay(5);
  }
  return hasher;
}

/** One file, below a folder. */
function sample(pieceCount = 4): ReturnType<typeof sampleTorrent> {
  const length = (pieceCount - 1) * PIECE_LENGTH + 1000;
  return sampleTorrent(PIECE_LENGTH, [{ path: ["top", "file"], length }]);
}

/** Hashes a piece, and has the worker write it. */
function hashInto(
  storage: FileStorage,
  { torrent, content, index, hasher, lend = storage.lend }: {
    readonly torrent: Torrent;
    readonly content: Uint8Array;
    readonly index: number;
    readonly hasher: WorkerHasher;
    readonly lend?: LendPlace;
  },
): Promise<HashedPiece> {
  const { geometry, pieceHashes } = torrent;
  const offsetInTorrent = geometry.pieceOffset(index);
  const length = geometry.pieceLengthAt(index);
  const bytes = content.slice(offsetInTorrent, offsetInTorrent + length);
  const expected = pieceHashes.slice(index * 20, index * 20 + 20);
  const range = { offsetInTorrent, length };
  return hasher.hash(bytes, { range, expected, lend });
}

/** The path of the only part. */
function partPath(dir: string, { infoHash }: Torrent): string {
  return join(dir, ".lanswarm", "parts", infoHash, "0");
}

Deno.test({
  name: "a worker writes the pieces that match, and the file gets its name",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    const { torrent, content } = sample();
    using hasher = await openHelper();
    await using storage = await openFileStorage(torrent, { dir });
    let writeCount = 0;
    const counted = {
      begin: (have: Bitfield) => storage.begin(have),
      named: (index: number) => storage.named(index),
      lend: storage.lend,
      write: () => Promise.resolve(void writeCount++),
    } as unknown as FileStorage;
    const { pieceCount } = torrent.geometry;
    const swarm = { have: new Bitfield(pieceCount) } as Swarm;
    const store = new PieceStore(torrent, { storage: counted, hasher, swarm });
    const corrupt = content.slice(0, PIECE_LENGTH);
    corrupt[5]! ^= 1;
    const { type } = await store.check({ index: 0, bytes: corrupt });
    assertEquals(type, "pieceCorrupt");
    const part = await Deno.readFile(partPath(dir, torrent));
    assertEquals(part, new Uint8Array());
    // All at once, as they arrive.
    await Promise.all(Array.from({ length: pieceCount }, async (_, index) => {
      const start = torrent.geometry.pieceOffset(index);
      const bytes = content.slice(start, start + PIECE_LENGTH);
      const checked = await store.check({ index, bytes });
      assertEquals(checked.type, "pieceVerified");
      assertEquals(
        checked.bytes,
        content.subarray(start, start + PIECE_LENGTH),
      );
      await store.nameFiles(index);
    }));
    assertEquals(writeCount, 0);
    assertEquals(await Deno.readFile(join(dir, "top", "file")), content);
  },
});

Deno.test({
  name: "a worker writes to no other file that is put in the place of the part",
  ignore: isWindows,
  fn: async () => {
    const { torrent, content } = sample();
    using hasher = await openHelper();
    const swaps: Readonly<
      Record<string, (part: string, other: string) => void>
    > = {
      "a symbolic link": (part, other) => Deno.symlinkSync(other, part),
      "a hard link": (part, other) => Deno.linkSync(other, part),
      "another file": (part, other) => Deno.copyFileSync(other, part),
      "nothing": () => {},
      "a folder": (part) => Deno.mkdirSync(part),
    };
    for (const [kind, put] of Object.entries(swaps)) {
      await using scene = await openScene();
      const { dir, outside } = scene;
      await using storage = await openFileStorage(torrent, { dir });
      await storage.begin(new Bitfield(torrent.geometry.pieceCount));
      const part = partPath(dir, torrent);
      const other = join(outside, "other");
      await Deno.writeTextFile(other, "kept");
      const lend: LendPlace = (range, use) =>
        storage.lend(range, (place) => {
          assert(place !== undefined);
          Deno.renameSync(part, `${part}.moved`);
          put(part, other);
          return use(place);
        });
      const options = { torrent, content, index: 1, hasher, lend };
      const { isWritten } = await hashInto(storage, options);
      assertEquals([kind, isWritten], [kind, false]);
      assertEquals(await Deno.readTextFile(other), "kept");
      if (kind === "another file") {
        assertEquals(await Deno.readTextFile(part), "kept");
      }
      assertEquals(Deno.statSync(`${part}.moved`).size, 0);
    }
  },
});

Deno.test({
  name: "a worker follows no link in place of the folder of the parts",
  ignore: isWindows,
  fn: async () => {
    await using scene = await openScene();
    const { dir, outside } = scene;
    const { torrent, content } = sample();
    using hasher = await openHelper();
    await using storage = await openFileStorage(torrent, { dir });
    await storage.begin(new Bitfield(torrent.geometry.pieceCount));
    const parts = join(dir, ".lanswarm", "parts");
    const moved = join(outside, "parts");
    const lend: LendPlace = (range, use) =>
      storage.lend(range, (place) => {
        // The very file, but reached through a link.
        Deno.renameSync(parts, moved);
        Deno.symlinkSync(moved, parts);
        return use(place);
      });
    const options = { torrent, content, index: 1, hasher, lend };
    assertEquals((await hashInto(storage, options)).isWritten, false);
    assertEquals(Deno.statSync(join(moved, torrent.infoHash, "0")).size, 0);
  },
});

Deno.test({
  name: "a full disk that a worker meets is explained as ever",
  ignore: noMemoryDisk !== undefined,
  fn: async () => {
    await using folder = await temporaryFolder();
    const dir = join(folder.path, "disk");
    await Deno.mkdir(dir);
    await mountMemoryDisk(dir, "128k");
    try {
      const { torrent, content } = sample();
      using hasher = await openHelper();
      await using storage = await openFileStorage(torrent, { dir });
      const { pieceCount } = torrent.geometry;
      const swarm = { have: new Bitfield(pieceCount) } as Swarm;
      const store = new PieceStore(torrent, { storage, hasher, swarm });
      const checkAll = async (): Promise<void> => {
        for (let index = 0; index < pieceCount; index++) {
          const start = torrent.geometry.pieceOffset(index);
          const bytes = content.slice(start, start + PIECE_LENGTH);
          await store.check({ index, bytes });
        }
      };
      const path = join(dir, "top", "file");
      await assertRejects(
        checkAll,
        StorageError,
        `Cannot write ${path}: the disk is full`,
      );
    } finally {
      await unmount(dir);
    }
  },
});

Deno.test({
  name: "a sync while a worker writes leaves the file without a stamp",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const { torrent, content } = sample();
    using hasher = await openHelper();
    await using storage = await openFileStorage(torrent, { dir: folder.path });
    await storage.begin(new Bitfield(torrent.geometry.pieceCount));
    await hashInto(storage, { torrent, content, index: 0, hasher });
    const lend: LendPlace = (range, use) =>
      storage.lend(range, async (place) => {
        assertEquals(await storage.settle(), [undefined]);
        return await use(place);
      });
    const options = { torrent, content, index: 1, hasher, lend };
    assertEquals((await hashInto(storage, options)).isWritten, true);
    // No other program has modified it.
    const bytes = new Uint8Array(2 * PIECE_LENGTH);
    await storage.read(0, bytes);
    assertEquals(bytes, content.subarray(0, bytes.length));
    const [stamp] = await storage.settle();
    assertEquals(stamp?.size, bytes.length);
  },
});

Deno.test("a place is lent neither in several files nor in padding, nor for a hole", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(PIECE_LENGTH, [
    { path: ["top", "a"], length: PIECE_LENGTH / 2 },
    { path: ["top", "b"], length: PIECE_LENGTH / 2 },
    { path: ["top", "pad"], length: PIECE_LENGTH, isPadding: true },
    { path: ["top", "c"], length: 2 * PIECE_LENGTH },
  ]);
  content.fill(0, 2 * PIECE_LENGTH, 3 * PIECE_LENGTH);
  using hasher = await openHelper();
  const hash = new Uint8Array(
    await crypto.subtle.digest("SHA-1", new Uint8Array(PIECE_LENGTH)),
  );
  const pieceHashes = torrent.pieceHashes.slice();
  for (const index of [1, 2]) pieceHashes.set(hash, index * 20);
  const changed = { ...torrent, pieceHashes };
  await using storage = await openFileStorage(changed, { dir: folder.path });
  await storage.begin(new Bitfield(torrent.geometry.pieceCount));
  const written: (boolean | undefined)[] = [];
  for (let index = 0; index < 4; index++) {
    const options = { torrent: changed, content, index, hasher };
    written.push((await hashInto(storage, options)).isWritten);
  }
  assertEquals(written, [false, false, false, !isWindows]);
});

/** True if places are lent after 1.5 s, with these cores in use and idle. */
async function lends(usedCores: number, idleCores: number): Promise<boolean> {
  const core = new SpareCore(() => {
    const nowMs = performance.now();
    return { nowMs, usedMs: usedCores * nowMs, idleMs: idleCores * nowMs };
  });
  using hasher = new WorkerHasher(2, core);
  let isLent = false;
  const endMs = performance.now() + 1_500;
  // However long their start takes.
  const areReady = (): boolean =>
    hasher.workersFor(0).length >= (isLent ? 2 : 1);
  while (performance.now() < endMs || !areReady()) {
    await hasher.hash(new Uint8Array(1024 * 1024), {
      range: { offsetInTorrent: 0, length: 1024 * 1024 },
      expected: new Uint8Array(20),
      lend: (_range, use) => {
        isLent = true;
        return use();
      },
    });
    await delay(1);
  }
  assertEquals(hasher.workersFor(0).length, isLent ? 2 : 1);
  return isLent;
}

Deno.test("a hasher has workers write only while its process is busy and a core is idle", async () => {
  assertEquals(await lends(1.8, 1.5), true);
  assertEquals(await lends(1.8, 0.1), false);
  assertEquals(await lends(0.4, 3.6), false);
});

Deno.test("SpareCore finds no core while the system reports no CPU times", () => {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule: (name: string) => unknown };
  };
  const { getBuiltinModule } = process;
  let count = 0;
  const cpus = (): never => {
    count++;
    throw new TypeError("Failed to get cpu info");
  };
  process.getBuiltinModule = () => ({ cpus });
  try {
    const core = new SpareCore();
    assertEquals([core.isFound(0), core.isFound(1000)], [false, false]);
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
  assertEquals(count, 2);
});
