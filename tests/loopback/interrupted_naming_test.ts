/**
 * Remains of a killed process, another program's file or a strange mode in the way of files
 * that get their names.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { StorageError } from "../../lib/base/errors.ts";
import { openFileStorage } from "../../lib/disk/file_storage.ts";
import { FileSystem, type Outcome } from "../../lib/files/file_system.ts";
import { GuardedFolder } from "../../lib/files/guarded_folder.ts";
import { openTorrentContent } from "../../lib/disk/torrent_content.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { openScene, temporaryFolder } from "./temporary_folder.ts";
import { storePieces } from "./store_content.ts";

const PIECE_LENGTH = 16384;
const isWindows = Deno.build.os === "windows";
const recordSecret = new Uint8Array(32).fill(7);
const { torrent: plain, content } = sampleTorrent(PIECE_LENGTH, [
  { path: ["set", "a"], length: 2 * PIECE_LENGTH },
  { path: ["set", "b"], length: PIECE_LENGTH },
]);
const files = plain.files.map((file, index) => (
  { ...file, isExecutable: index === 0 }
));
const torrent = { ...plain, files };

Deno.test({
  name: "a file that was killed between its two names keeps the final one",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    const path = join(dir, "set", "a");
    const parts = join(dir, ".lanswarm", "parts", torrent.infoHash);
    await Deno.mkdir(join(dir, "set"));
    await Deno.mkdir(parts, { recursive: true });
    for (const isRight of [true, false]) {
      const bytes = content.slice(0, 2 * PIECE_LENGTH);
      if (!isRight) bytes[PIECE_LENGTH]! ^= 1;
      await Deno.writeFile(join(parts, "0"), bytes);
      await Deno.link(join(parts, "0"), path);
      await using opened = await openTorrentContent(torrent, {
        dir,
        recordSecret,
      });
      const have = await opened.verify();
      assertEquals([...have.indexes()], isRight ? [0, 1] : [0]);
      await opened.begin(have);
      if (isRight) {
        const { mode } = await Deno.stat(path);
        assertEquals(mode! & 0o111, (mode! & 0o444) >> 2);
        await Deno.remove(path);
      }
    }
  },
});

Deno.test("a user's file is not overwritten after a crash of a download of that name", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  const options = { dir, recordSecret };
  {
    await using opened = await openTorrentContent(torrent, options);
    await opened.begin(await opened.verify());
    await storePieces(opened.storage, torrent, { content, indexes: [0, 1] });
  }
  const path = join(dir, "set", "b");
  await Deno.writeTextFile(path, "my own notes");
  await using opened = await openTorrentContent(torrent, options);
  await assertRejects(
    () => opened.verify(),
    StorageError,
    "the file that is there holds no piece of the torrent",
  );
  assertEquals(await Deno.readTextFile(path), "my own notes");
});

Deno.test({
  name:
    "the parts of another folder stay where .lanswarm was replaced by a link",
  ignore: isWindows,
  fn: async () => {
    await using scene = await openScene();
    const { dir, outside } = scene;
    const other = join(outside, "parts", torrent.infoHash);
    await Deno.mkdir(other, { recursive: true });
    await Deno.writeTextFile(join(other, "1"), "progress");
    await using storage = await openFileStorage(torrent, { dir });
    await storePieces(storage, torrent, { content, indexes: [0, 1] });
    const { places } = storage;
    const publish = places.publish.bind(places);
    places.publish = async (index) => {
      const stamp = await publish(index);
      await Deno.rename(join(dir, ".lanswarm"), join(dir, "away"));
      await Deno.symlink(outside, join(dir, ".lanswarm"));
      return stamp;
    };
    await storePieces(storage, torrent, { content, indexes: [2] });
    assertEquals(await Deno.readTextFile(join(other, "1")), "progress");
  },
});

Deno.test("a small file that has its name is taken if it is right, and else left alone", async () => {
  const { torrent, content } = sampleTorrent(PIECE_LENGTH, [
    { path: ["set", "a"], length: 100 },
    { path: ["set", "b"], length: 2 * PIECE_LENGTH },
  ]);
  for (const isRight of [true, false]) {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    const path = join(dir, "set", "a");
    await Deno.mkdir(join(dir, "set"));
    const bytes = content.slice(0, 100);
    if (!isRight) bytes[7]! ^= 1;
    await Deno.writeFile(path, bytes);
    const before = await Deno.stat(path);
    await using opened = await openTorrentContent(torrent, {
      dir,
      recordSecret,
    });
    const have = await opened.verify();
    assertEquals([...have.indexes()], []);
    await opened.begin(have);
    const { storage } = opened;
    const storing = storePieces(storage, torrent, { content });
    if (isRight) await storing;
    else await assertRejects(() => storing, StorageError, "set/a");
    assertEquals(await Deno.readFile(path), bytes);
    assertEquals((await Deno.stat(path)).ino, before.ino);
  }
});

Deno.test("a file that was set aside stays when the parts go", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  await using storage = await openFileStorage(torrent, { dir });
  await storePieces(storage, torrent, { content, indexes: [0, 1] });
  const parts = join(dir, ".lanswarm", "parts", torrent.infoHash);
  await Deno.writeTextFile(join(parts, `1.${crypto.randomUUID()}`), "precious");
  await Deno.writeTextFile(join(parts, "0"), "left over");
  await storePieces(storage, torrent, { content, indexes: [2] });
  const left = await Array.fromAsync(Deno.readDir(parts));
  assertEquals(left.map(({ name }) => name.slice(0, 2)), ["1."]);
});

Deno.test("a file that cannot be written keeps its name", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  const path = join(dir, "f");
  await Deno.writeTextFile(path, "precious");
  class ReadOnly extends FileSystem {
    override open(
      ...[place, options]: Parameters<FileSystem["open"]>
    ): Outcome<Deno.FsFile> {
      if (place !== path || !options.write) return super.open(place, options);
      const error = new Deno.errors.PermissionDenied("Permission denied");
      return Promise.reject(Object.assign(error, { code: "EACCES" }));
    }
  }
  const guarded = new GuardedFolder(dir, { fileSystem: new ReadOnly() });
  await assertRejects(
    () => guarded.take(["f"], ["parts", "0"]),
    StorageError,
    "permission denied",
  );
  assertEquals(await Deno.readTextFile(path), "precious");
});

Deno.test({
  name:
    "a program among complete files gets its bits, as nobody else can exchange it",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    const path = join(dir, "set", "a");
    await Deno.mkdir(join(dir, "set"));
    await Deno.writeFile(path, content.subarray(0, 2 * PIECE_LENGTH));
    for (const [folderMode, mode] of [[0o777, 0o640], [0o700, 0o750]]) {
      await Deno.chmod(join(dir, "set"), folderMode!);
      await Deno.chmod(path, 0o640);
      await using storage = await openFileStorage(torrent, { dir });
      await storage.finishFiles();
      assertEquals((await Deno.stat(path)).mode! & 0o777, mode);
    }
  },
});
