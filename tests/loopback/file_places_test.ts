/**
 * The places of files: parts while content is missing, then their names.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { Bitfield } from "../../lib/base/bitfield.ts";
import { StorageError } from "../../lib/base/errors.ts";
import { OWN_FOLDER } from "../../lib/disk/own_folder.ts";
import { openFileStorage } from "../../lib/disk/file_storage.ts";
import { verifyStorage } from "../../lib/disk/hash_content.ts";
import { type SampleFile, sampleTorrent } from "../core/disk/sample_torrent.ts";
import { storePieces } from "./store_content.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const KIB = 1024;

/** Pieces cross files, a folder has two levels, and one file is empty. */
const FOLDER: readonly SampleFile[] = [
  { path: ["album", "Überblick 概要.txt"], length: 20 * KIB },
  { path: ["album", "disc 1", "empty"], length: 0 },
  { path: ["album", "disc 1", "track.bin"], length: 30 * KIB + 7 },
  { path: ["album", "disc 2", "track.bin"], length: 40 * KIB },
];

Deno.test("openFileStorage() makes a file when all of it is stored, and the empty ones at the end", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16 * KIB, FOLDER);
  const { geometry } = torrent;
  await using storage = await openFileStorage(torrent, { dir: folder.path });
  await storage.begin(new Bitfield(geometry.pieceCount));
  const made: (readonly string[])[] = [];
  // The second piece lies in two files, the fourth in two others.
  for (const index of [1, 0, 3, 2, 5, 4]) {
    assertEquals((await listing(folder.path)).length, made.length);
    const start = geometry.pieceOffset(index);
    const end = start + geometry.pieceLengthAt(index);
    await storage.write(start, content.subarray(start, end));
    const files = await storage.named(index);
    made.push(...files.map((file) => torrent.files[file]!.path));
    const into = new Uint8Array(end - start);
    await storage.read(start, into);
    assertEquals(into, content.slice(start, end));
  }
  assertEquals(made, [FOLDER[0]!.path, FOLDER[2]!.path, FOLDER[3]!.path]);
  assertEquals((await listing(folder.path)).sort(), [
    "album/disc 1/empty",
    "album/disc 1/track.bin",
    "album/disc 2/track.bin",
    "album/Überblick 概要.txt",
  ]);
  const own = await Array.fromAsync(
    Deno.readDir(join(folder.path, OWN_FOLDER)),
  );
  assertEquals(own, []);
});

Deno.test({
  name: "zeros of a new file stay holes, and are written over what was there",
  // Windows reports no blocks.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const PIECE_LENGTH = 256 * KIB;
    const PIECES = 64;
    await using folder = await temporaryFolder();
    const { torrent, content } = sampleTorrent(PIECE_LENGTH, [
      { path: ["image"], length: PIECES * PIECE_LENGTH },
    ]);
    // Zeros, but for two pieces.
    for (let index = 0; index < PIECES; index++) {
      if (index === 3 || index === 40) continue;
      content.fill(0, index * PIECE_LENGTH, (index + 1) * PIECE_LENGTH);
    }
    const path = join(folder.path, "image");
    const { path: dir } = folder;
    {
      await using storage = await openFileStorage(torrent, { dir });
      await storePieces(storage, torrent, { content, indexes: [9, 3, 63] });
      const into = new Uint8Array(PIECE_LENGTH).fill(1);
      await storage.read(9 * PIECE_LENGTH, into);
      assertEquals(into.every((byte) => byte === 0), true);
      const rest = [...Array(PIECES).keys()]
        .filter((index) => ![9, 3, 63].includes(index));
      await storePieces(storage, torrent, { content, indexes: rest });
    }
    assertEquals(await Deno.readFile(path), content);
    const { blocks } = await Deno.stat(path);
    assertEquals(blocks! * 512 <= 3 * PIECE_LENGTH, true, `${blocks}`);
    // Content of another program is no hole.
    await Deno.writeFile(path, new Uint8Array(content.length).fill(1));
    await using storage = await openFileStorage(torrent, { dir });
    await storePieces(storage, torrent, { content });
    assertEquals(await Deno.readFile(path), content);
  },
});

Deno.test("begin() moves files that lack content, and gives complete parts their names", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16 * KIB, [
    { path: ["set", "a"], length: 40 * KIB },
    { path: ["set", "b"], length: 24 * KIB },
  ]);
  const paths = ["a", "b"].map((name) => join(folder.path, "set", name));
  await Deno.mkdir(join(folder.path, "set"));
  await Deno.writeFile(paths[0]!, content.subarray(0, 20 * KIB));
  {
    await using storage = await openFileStorage(torrent, { dir: folder.path });
    storage.expect(await storage.stamps());
    const have = await verifyStorage(storage, torrent);
    assertEquals([...have.indexes()], [0]);
    await storage.begin(have);
    assertEquals(await listing(folder.path), []);
    // As if it was killed: nothing gives the first file its name.
    await storage.write(16 * KIB, content.subarray(16 * KIB, 48 * KIB));
  }
  assertEquals(await listing(folder.path), []);
  {
    await using storage = await openFileStorage(torrent, { dir: folder.path });
    const have = await verifyStorage(storage, torrent);
    assertEquals([...have.indexes()], [0, 1, 2]);
    await storage.begin(have);
    assertEquals(await Deno.readFile(paths[0]!), content.slice(0, 40 * KIB));
    assertEquals(await listing(folder.path), ["set/a"]);
    await storage.write(48 * KIB, content.subarray(48 * KIB));
    assertEquals(await storage.named(3), [1]);
  }
  assertEquals(await Deno.readFile(paths[1]!), content.slice(40 * KIB));
});

Deno.test("a name that another file took meanwhile is left to it", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16 * KIB, [
    { path: ["f"], length: 20 * KIB },
  ]);
  const path = join(folder.path, "f");
  {
    await using storage = await openFileStorage(torrent, { dir: folder.path });
    await storePieces(storage, torrent, { content, indexes: [0] });
    await Deno.writeTextFile(path, "precious");
    await assertRejects(
      () => storePieces(storage, torrent, { content, indexes: [1] }),
      StorageError,
      `Cannot store ${path}: another program made it meanwhile`,
    );
  }
  assertEquals(await Deno.readTextFile(path), "precious");
  await assertRejects(
    () => openFileStorage(torrent, { dir: folder.path }),
    StorageError,
    "it is not the torrent's file, a part of which is kept as",
  );
  await Deno.remove(path);
  await using storage = await openFileStorage(torrent, { dir: folder.path });
  await storage.begin(await verifyStorage(storage, torrent));
  assertEquals(await Deno.readFile(path), content);
});
