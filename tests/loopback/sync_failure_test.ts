/**
 * A disk that fails to store what was written: it reports that once, at the next sync
 * of the file, as Linux does.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { Bitfield } from "../../lib/base/bitfield.ts";
import { StorageError } from "../../lib/base/errors.ts";
import {
  openTorrentContent,
  type TorrentContent,
} from "../../lib/disk/torrent_content.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const PIECE_LENGTH = 16384;
const recordSecret = new Uint8Array(32).fill(7);
const { torrent, content } = sampleTorrent(PIECE_LENGTH, [
  { path: ["set", "a"], length: PIECE_LENGTH },
  { path: ["set", "b"], length: 2 * PIECE_LENGTH },
]);

/** Makes the next sync fail, until it is disposed of. */
function failingSync(): Disposable {
  const { prototype } = Deno.FsFile;
  const { sync, syncSync } = prototype;
  let hasFailed = false;
  const failOnce = (): void => {
    if (hasFailed) return;
    hasFailed = true;
    throw Object.assign(new Error("Input/output error"), { code: "EIO" });
  };
  prototype.sync = async function (): Promise<void> {
    failOnce();
    await sync.call(this);
  };
  prototype.syncSync = function (): void {
    failOnce();
    syncSync.call(this);
  };
  return {
    [Symbol.dispose]: () => void Object.assign(prototype, { sync, syncSync }),
  };
}

async function begin(
  dir: string,
  stored = torrent,
): Promise<{ readonly opened: TorrentContent; readonly have: Bitfield }> {
  const opened = await openTorrentContent(stored, { dir, recordSecret });
  const have = await opened.verify();
  await opened.begin(have);
  return { opened, have };
}

async function store(opened: TorrentContent, index: number): Promise<void> {
  const start = index * PIECE_LENGTH;
  const bytes = content.subarray(start, start + PIECE_LENGTH);
  await opened.storage.write(start, bytes);
}

/** Content that a start finds after the disk lost a file, whose size and time stayed. */
async function haveAfterLoss(dir: string, path: string): Promise<number[]> {
  const { size, mtime } = await Deno.stat(path);
  await Deno.writeFile(path, new Uint8Array(size));
  await Deno.utime(path, mtime!, mtime!);
  await using opened = await openTorrentContent(torrent, { dir, recordSecret });
  return [...(await opened.verify()).indexes()];
}

Deno.test("a file that cannot be flushed gets no name, though the next flush succeeds", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  const { opened, have } = await begin(dir);
  {
    using _ = failingSync();
    await store(opened, 0);
    have.add(0);
    await assertRejects(
      () => opened.storage.named(0),
      StorageError,
      "the disk reports an error",
    );
    for (const index of [1, 2]) await store(opened, index);
    // The other file of the torrent does.
    assertEquals(await opened.storage.named(2), [1]);
    assertEquals(await listing(dir), ["set/b"]);
    for (const index of [1, 2]) have.add(index);
    await opened.close(() => have);
  }
  const part = join(dir, ".lanswarm", "parts", torrent.infoHash, "0");
  assertEquals(await haveAfterLoss(dir, part), [1, 2]);
});

Deno.test("a record vouches for no part of which a flush has failed", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  const { opened, have } = await begin(dir);
  {
    using _ = failingSync();
    await store(opened, 1);
    have.add(1);
    await opened.save(() => have);
    await store(opened, 0);
    assertEquals(await opened.storage.named(0), [0]);
    have.add(0);
    await store(opened, 2);
    await assertRejects(
      () => opened.storage.named(2),
      StorageError,
      "the disk reports an error",
    );
    await opened.close(() => have);
  }
  assertEquals(await listing(dir), ["set/a"]);
  const part = join(dir, ".lanswarm", "parts", torrent.infoHash, "1");
  assertEquals(await haveAfterLoss(dir, part), [0]);
});

Deno.test("a small file that cannot be flushed is explained like others", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  const small = sampleTorrent(
    PIECE_LENGTH,
    ["a", "b", "c", "d"].map((name) => (
      { path: ["set", name], length: PIECE_LENGTH / 2 }
    )),
  );
  const { opened } = await begin(dir, small.torrent);
  await using content = opened;
  const { storage } = content;
  await storage.write(0, small.content.subarray(0, PIECE_LENGTH));
  assertEquals(await storage.named(0), [0, 1]);
  using _ = failingSync();
  await storage.write(PIECE_LENGTH, small.content.subarray(PIECE_LENGTH));
  await assertRejects(
    () => storage.named(1),
    StorageError,
    `${join("set", "c")}: the disk reports an error`,
  );
});
