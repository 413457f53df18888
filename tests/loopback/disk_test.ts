import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { StorageError } from "../../lib/base/errors.ts";
import { OWN_FOLDER } from "../../lib/disk/own_folder.ts";
import { openFileStorage } from "../../lib/disk/file_storage.ts";
import { verifyStorage } from "../../lib/disk/hash_content.ts";
import type { Torrent } from "../../lib/metainfo/torrent.ts";
import { storePieces } from "./store_content.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";
import { type SampleFile, sampleTorrent } from "../core/disk/sample_torrent.ts";

const KIB = 1024;

/** Pieces cross files, a folder has two levels, and one file is empty. */
const FOLDER: readonly SampleFile[] = [
  { path: ["album", "Überblick 概要.txt"], length: 20 * KIB },
  { path: ["album", "disc 1", "empty"], length: 0 },
  { path: ["album", "disc 1", "track.bin"], length: 30 * KIB + 7 },
  { path: ["album", "disc 2", "track.bin"], length: 40 * KIB },
];

/** Stores all of a torrent below `dir`, the pieces from last to first. */
async function storeAll(
  torrent: Torrent,
  content: Uint8Array,
  dir: string,
): Promise<void> {
  await using storage = await openFileStorage(torrent, { dir });
  const { pieceCount } = torrent.geometry;
  const indexes = Array.from({ length: pieceCount }, (_, index) => index);
  await storePieces(storage, torrent, { content, indexes: indexes.reverse() });
}

async function storedPieces(torrent: Torrent, dir: string): Promise<number[]> {
  await using storage = await openFileStorage(torrent, { dir });
  return [...(await verifyStorage(storage, torrent)).indexes()];
}

Deno.test("openFileStorage() stores each file of a folder byte for byte", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16 * KIB, FOLDER);
  const dir = join(folder.path, "not", "there", "yet");
  await storeAll(torrent, content, dir);
  let offset = 0;
  for (const file of FOLDER) {
    const stored = await Deno.readFile(join(dir, ...file.path));
    assertEquals(stored, content.slice(offset, offset += file.length));
  }
  assertEquals(await storedPieces(torrent, dir), [0, 1, 2, 3, 4, 5]);
});

Deno.test("openFileStorage() reads a run over several files", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16 * KIB, FOLDER);
  await storeAll(torrent, content, folder.path);
  await using storage = await openFileStorage(torrent, { dir: folder.path });
  const into = new Uint8Array(content.length - 20);
  await storage.read(10, into);
  assertEquals(into, content.slice(10, -10));
});

Deno.test("openFileStorage() keeps concurrent reads and writes of one file apart", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16 * KIB, [
    { path: ["file"], length: 64 * 16 * KIB },
  ]);
  await using storage = await openFileStorage(torrent, { dir: folder.path });
  const offsets = Array.from({ length: 64 }, (_, index) => index * 16 * KIB);
  await Promise.all(offsets.map(async (offset) => {
    const piece = content.subarray(offset, offset + 16 * KIB);
    await storage.write(offset, piece);
    const into = new Uint8Array(piece.length);
    await storage.read(offset, into);
    assertEquals(into, piece);
  }));
  assertEquals((await verifyStorage(storage, torrent)).isFull, true);
});

Deno.test("openFileStorage() reads more files than it may hold open", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(
    16 * KIB,
    Array.from({ length: 50 }, (_, index) => ({
      path: ["many", `${index}.bin`],
      length: 1000 + index,
    })),
  );
  await storeAll(torrent, content, folder.path);
  await using storage = await openFileStorage(torrent, {
    dir: folder.path,
    maxOpenFiles: 3,
  });
  const into = new Uint8Array(content.length);
  await Promise.all([storage.read(0, into), storage.read(0, into)]);
  assertEquals(into, content);
});

Deno.test("openFileStorage() keeps padding off the disk and reads it as zeros", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16 * KIB, [
    { path: ["set", "a"], length: 1000 },
    { path: ["set", ".pad", "15384"], length: 15384, isPadding: true },
    { path: ["set", "b"], length: 500 },
  ]);
  await storeAll(torrent, content, folder.path);
  assertEquals(await listing(folder.path), ["set/a", "set/b"]);
  await using storage = await openFileStorage(torrent, { dir: folder.path });
  const into = new Uint8Array(content.length).fill(1);
  await storage.read(0, into);
  assertEquals(into, content);
  assertEquals((await verifyStorage(storage, torrent)).isFull, true);
});

Deno.test("verifyStorage() finds the pieces that a truncated file still holds", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16 * KIB, [
    { path: ["file"], length: 80 * KIB },
  ]);
  await storeAll(torrent, content, folder.path);
  await Deno.truncate(join(folder.path, "file"), 40 * KIB);
  assertEquals(await storedPieces(torrent, folder.path), [0, 1]);
});

Deno.test("verifyStorage() misses only the pieces of a deleted file", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16 * KIB, FOLDER);
  await storeAll(torrent, content, folder.path);
  await Deno.remove(join(folder.path, "album", "disc 1", "track.bin"));
  // Pieces of 16 KiB; the lost file spans 20 KiB to just over 50 KiB.
  assertEquals(await storedPieces(torrent, folder.path), [0, 4, 5]);
});

Deno.test("a file that is too long lacks its last piece and is truncated when that is stored", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16 * KIB, [
    { path: ["file"], length: 40 * KIB },
  ]);
  await storeAll(torrent, content, folder.path);
  const path = join(folder.path, "file");
  await Deno.writeTextFile(path, "more", { append: true });
  assertEquals(await storedPieces(torrent, folder.path), [0, 1]);
  assertEquals((await Deno.stat(path)).size, 40 * KIB + 4);

  await using storage = await openFileStorage(torrent, { dir: folder.path });
  await storage.begin(await verifyStorage(storage, torrent));
  await storage.write(32 * KIB, content.subarray(32 * KIB));
  await storage.named(2);
  assertEquals(await Deno.readFile(path), content);
});

Deno.test("openFileStorage() refuses content in the place of an empty file", async () => {
  await using folder = await temporaryFolder();
  const { torrent } = sampleTorrent(16 * KIB, [{
    path: ["empty"],
    length: 0,
  }]);
  const path = join(folder.path, "empty");
  await Deno.writeTextFile(path, "keep me");
  await assertRejects(
    () => openFileStorage(torrent, { dir: folder.path }),
    StorageError,
    "it holds 7 bytes and the torrent says it is empty",
  );
  assertEquals(await Deno.readTextFile(path), "keep me");
});

Deno.test("openFileStorage() names a file that is missing or too short to read", async () => {
  await using folder = await temporaryFolder();
  const { torrent } = sampleTorrent(16 * KIB, [{
    path: ["f"],
    length: 10,
  }]);
  await using storage = await openFileStorage(torrent, { dir: folder.path });
  const path = join(folder.path, "f");
  await assertRejects(
    () => storage.read(0, new Uint8Array(10)),
    StorageError,
    `Cannot open ${path}: it does not exist`,
  );
  await Deno.writeTextFile(path, "12345");
  await assertRejects(
    () => storage.read(2, new Uint8Array(8)),
    StorageError,
    `Cannot read ${path}: it ends after 5 bytes`,
  );
});

Deno.test({
  name:
    "openFileStorage() refuses a name that is too long for the file system, and makes nothing",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await temporaryFolder();
    const { torrent } = sampleTorrent(16 * KIB, [
      { path: ["top", "first"], length: 10 },
      { path: ["top", "n".repeat(300)], length: 10 },
      { path: ["top", "empty"], length: 0 },
    ]);
    const error = await assertRejects(
      () => openFileStorage(torrent, { dir: folder.path }),
      StorageError,
      "the name is too long for this file system",
    );
    assertEquals(error.cause, "ENAMETOOLONG");
    assertEquals(await listing(folder.path), []);
  },
});

Deno.test({
  name:
    "openFileStorage() refuses a path that is too long for the system, and makes nothing",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await temporaryFolder();
    const { torrent } = sampleTorrent(16 * KIB, [
      { path: ["top", "first"], length: 10 },
      { path: ["top", "n".repeat(250)], length: 10 },
    ]);
    const dir = join(folder.path, ...Array(20).fill("d".repeat(195)));
    await assertRejects(
      () => openFileStorage(torrent, { dir }),
      StorageError,
      "choose a folder with a shorter path",
    );
    assertEquals(await listing(folder.path), []);
  },
});

Deno.test({
  name:
    "openFileStorage() stores files whose names differ only in case or accents, if the file system can",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await temporaryFolder();
    const { torrent, content } = sampleTorrent(16 * KIB, [
      { path: ["top", "README"], length: 20 * KIB },
      { path: ["top", "Readme"], length: 20 * KIB },
      { path: ["top", "\u00e9"], length: 20 * KIB },
      { path: ["top", "e\u0301"], length: 20 * KIB },
    ]);
    await storeAll(torrent, content, folder.path);
    assertEquals((await listing(folder.path)).length, 4);
    assertEquals(await storedPieces(torrent, folder.path), [0, 1, 2, 3, 4]);
    const own = [];
    for await (const { name } of Deno.readDir(join(folder.path, OWN_FOLDER))) {
      own.push(name);
    }
    assertEquals(own, []);
  },
});

Deno.test("openFileStorage() refuses to be used after it was closed", async () => {
  await using folder = await temporaryFolder();
  const { torrent } = sampleTorrent(16 * KIB, [{
    path: ["f"],
    length: 10,
  }]);
  const storage = await openFileStorage(torrent, { dir: folder.path });
  await storage.write(0, new Uint8Array(10));
  await storage[Symbol.asyncDispose]();
  await assertRejects(
    () => storage.read(0, new Uint8Array(10)),
    StorageError,
    "its torrent was closed",
  );
});

Deno.test("openFileStorage() makes folders again that are removed between two writes", async () => {
  const PIECE_LENGTH = 16384;
  await using folder = await temporaryFolder();
  const dir = join(folder.path, "dir");
  const paths = [["a", "b", "1"], ["a", "b", "2"], ["a", "c", "3"], ["4"]];
  const { torrent, content } = sampleTorrent(
    PIECE_LENGTH,
    paths.map((path) => ({ path, length: PIECE_LENGTH })),
  );
  await using storage = await openFileStorage(torrent, { dir });
  const removed = [undefined, join(dir, "a", "b"), join(dir, "a"), dir];
  for (const [index, path] of removed.entries()) {
    if (path !== undefined) await Deno.remove(path, { recursive: true });
    const offset = index * PIECE_LENGTH;
    const piece = content.subarray(offset, offset + PIECE_LENGTH);
    const store = (): Promise<void> =>
      storePieces(storage, torrent, { content, indexes: [index] });
    // The folder itself was found before: its disk counts as gone at first.
    if (path === dir) {
      await assertRejects(store, StorageError);
    } else {
      await store();
      const file = join(dir, ...torrent.files[index]!.path);
      assertEquals(await Deno.readFile(file), piece);
    }
  }
});

Deno.test({
  name:
    "openFileStorage() writes nothing through a link that replaces a folder between two writes",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const PIECE_LENGTH = 16384;
    await using folder = await temporaryFolder();
    const [dir, outside] = ["dir", "out"].map((name) =>
      join(folder.path, name)
    );
    await Deno.mkdir(outside!);
    const { torrent, content } = sampleTorrent(
      PIECE_LENGTH,
      ["1", "2"].map((name) => (
        { path: ["top", "deep", name], length: PIECE_LENGTH }
      )),
    );
    for (const replaced of ["top", "top/deep"]) {
      const path = join(dir!, replaced);
      await Deno.mkdir(join(outside!, "deep"), { recursive: true });
      await using storage = await openFileStorage(torrent, { dir: dir! });
      await storePieces(storage, torrent, { content, indexes: [0] });
      await Deno.rename(path, `${path}.kept`);
      await Deno.symlink(outside!, path);
      await assertRejects(
        () => storePieces(storage, torrent, { content, indexes: [1] }),
        StorageError,
        "it is a symbolic link",
      );
      assertEquals(await listing(outside!), []);
      await Deno.remove(dir!, { recursive: true });
    }
  },
});
