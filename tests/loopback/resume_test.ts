/**
 * Resume records: restarts that need not hash verified content again, and those
 * that must.
 */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { ContentChangedError, StorageError } from "../../lib/base/errors.ts";
import { LockOwners } from "../../lib/disk/folder_lock.ts";
import { openTorrentContent } from "../../lib/disk/torrent_content.ts";
import { scanSource } from "../../lib/source/source.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { countReads } from "./count_reads.ts";
import { storePieces } from "./store_content.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const PIECE_LENGTH = 16384;
const { torrent, content } = sampleTorrent(PIECE_LENGTH, [
  { path: ["many", "a"], length: 4 * PIECE_LENGTH },
  { path: ["many", "b"], length: 4 * PIECE_LENGTH },
]);

/** Time in which a file that was checked is not checked again, in milliseconds. */
const CHECK_INTERVAL_MS = 10;

/** The user's secret; a record without it would not be believed. */
const recordSecret = new Uint8Array(32).fill(7);

interface Verified {
  readonly haveCount: number;
  readonly hashedCount: number;
}

/** Verifies as a peer does at its start, and saves as it does at its end. */
async function restart(dir: string, mustVerify = false): Promise<Verified> {
  const opened = await openTorrentContent(torrent, {
    dir,
    mustVerify,
    recordSecret,
  });
  using reads = countReads();
  const have = await opened.verify();
  await opened.close(() => have);
  // The record is shorter than a piece.
  const hashedCount = Math.floor(reads.length / PIECE_LENGTH);
  return { haveCount: have.count, hashedCount };
}

async function withContent(): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const folder = await temporaryFolder();
  await using content_ = await openTorrentContent(torrent, {
    dir: folder.path,
    recordSecret,
  });
  await storePieces(content_.storage, torrent, { content });
  await content_.save(() => {
    throw new StorageError("nothing is noted down before it was verified");
  });
  return folder;
}

Deno.test("a restart hashes no verified file that was not modified", async () => {
  await using folder = await withContent();
  const dir = folder.path;
  assertEquals(await restart(dir), { haveCount: 8, hashedCount: 8 });
  assertEquals(await restart(dir), { haveCount: 8, hashedCount: 0 });
  assertEquals(await restart(dir, true), { haveCount: 8, hashedCount: 8 });
});

Deno.test("a restart hashes only a file that was modified meanwhile", async () => {
  await using folder = await withContent();
  const dir = folder.path;
  await restart(dir);
  const path = join(dir, "many", "b");
  const bytes = await Deno.readFile(path);
  bytes[0]! ^= 1;
  await Deno.writeFile(path, bytes);
  // Another time, whatever the resolution of the file system's clock.
  await Deno.utime(path, 1_600_000_000, 1_600_000_000);
  assertEquals(await restart(dir), { haveCount: 7, hashedCount: 4 });
  assertEquals(await restart(dir), { haveCount: 7, hashedCount: 0 });
  await Deno.remove(path);
  assertEquals(await restart(dir), { haveCount: 4, hashedCount: 0 });
});

for (
  const seconds of [
    0,
    -5,
    -86_401,
    4_294_967_296,
    315_532_800, /* FAT's first */
  ]
) {
  Deno.test(`a file whose modification time is ${seconds} s after 1970 is shared and known again`, async () => {
    await using folder = await withContent();
    const dir = folder.path;
    for (const name of ["a", "b"]) {
      await Deno.utime(join(dir, "many", name), seconds, seconds);
    }
    assertEquals(await restart(dir), { haveCount: 8, hashedCount: 8 });
    assertEquals(await restart(dir), { haveCount: 8, hashedCount: 0 });
    const opened = await openTorrentContent(torrent, { dir });
    const have = await opened.verify();
    const bytes = new Uint8Array(content.length);
    await opened.storage.read(0, bytes);
    assertEquals(bytes, content);
    await opened.close(() => have);
  });
}

/** Replaces the times that the storage meets, of paths and of open files. */
function withTimes(times: {
  readonly path: () => Date | null;
  readonly file: () => Date | null;
}): Disposable {
  const { lstat, lstatSync } = Deno;
  const { stat, statSync } = Deno.FsFile.prototype;
  Deno.lstat = async (path) => ({ ...await lstat(path), mtime: times.path() });
  Deno.lstatSync = (path) => ({ ...lstatSync(path), mtime: times.path() });
  Object.assign(Deno.FsFile.prototype, {
    async stat(this: Deno.FsFile): Promise<Deno.FileInfo> {
      return { ...await stat.call(this), mtime: times.file() };
    },
    statSync(this: Deno.FsFile): Deno.FileInfo {
      return { ...statSync.call(this), mtime: times.file() };
    },
  });
  return {
    [Symbol.dispose](): void {
      Object.assign(Deno, { lstat, lstatSync });
      Object.assign(Deno.FsFile.prototype, { stat, statSync });
    },
  };
}

for (
  const [name, path, file] of [
    ["without modification times", null, null],
    ["with times that no Date can hold", new Date(NaN), new Date(NaN)],
    ["that rounds the times of paths to days", new Date(0), new Date(7)],
  ] as const
) {
  Deno.test(`a file system ${name} is not one on which files change`, async () => {
    await using folder = await withContent();
    using _ = withTimes({ path: () => path, file: () => file });
    const opened = await openTorrentContent(torrent, { dir: folder.path });
    const have = await opened.verify();
    const bytes = new Uint8Array(content.length);
    await opened.storage.read(0, bytes);
    assertEquals(bytes, content);
    // Changes of the size are seen even there.
    await Deno.truncate(join(folder.path, "many", "b"), 4 * PIECE_LENGTH + 1);
    await delay(CHECK_INTERVAL_MS);
    await assertRejects(
      () => opened.storage.read(0, bytes),
      ContentChangedError,
    );
    await opened.close(() => have);
  });
}

Deno.test("a damaged or missing record costs nothing but hashing", async () => {
  await using folder = await withContent();
  const dir = folder.path;
  await restart(dir);
  const record = join(dir, ".lanswarm", `${torrent.infoHash}.resume`);
  await Deno.writeTextFile(record, "d5:files");
  assertEquals(await restart(dir), { haveCount: 8, hashedCount: 8 });
  await Deno.remove(record);
  assertEquals(await restart(dir), { haveCount: 8, hashedCount: 8 });
  assertEquals(await restart(dir), { haveCount: 8, hashedCount: 0 });
});

Deno.test("settle() returns no stamp of a file that is written meanwhile", async () => {
  await using folder = await withContent();
  const dir = folder.path;
  const opened = await openTorrentContent(torrent, { dir });
  await opened.verify();
  const piece = content.subarray(0, PIECE_LENGTH);
  await opened.storage.write(0, piece);
  const settling = opened.storage.settle();
  const writing = opened.storage.write(7 * PIECE_LENGTH, piece);
  const stamps = await settling;
  await writing;
  assertEquals(stamps[0]?.size, 4 * PIECE_LENGTH);
  assertEquals(stamps[1], undefined);
  const [, settled] = await opened.storage.settle();
  assertEquals(settled?.size, 4 * PIECE_LENGTH);
  await opened[Symbol.asyncDispose]();
});

Deno.test("a file that appears during a download is not written", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  await using opened = await openTorrentContent(torrent, { dir });
  await opened.verify();
  await opened.storage.write(0, content.subarray(0, PIECE_LENGTH));
  const path = join(dir, "many", "b");
  await Deno.mkdir(join(dir, "many"));
  await Deno.writeTextFile(path, "precious");
  await assertRejects(
    () => storePieces(opened.storage, torrent, { content }),
    StorageError,
    "another program made it meanwhile; move it away",
  );
  assertEquals(await Deno.readTextFile(path), "precious");
});

Deno.test("a download that was killed during its first write goes on without --force", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  {
    await using opened = await openTorrentContent(torrent, { dir });
    await opened.verify();
    await opened.storage.write(0, content.subarray(0, 5));
  }
  assertEquals(await restart(dir), { haveCount: 0, hashedCount: 0 });
});

Deno.test(
  "openTorrentContent() refuses content that is open elsewhere, until it is closed",
  {
    // The system call that waits for the lock ends when the other one unlocks.
    sanitizeOps: false,
  },
  async () => {
    await using folder = await withContent();
    const dir = folder.path;
    {
      await using _first = await openTorrentContent(torrent, { dir });
      const error = await assertRejects(
        () => openTorrentContent(torrent, { dir }),
        StorageError,
      );
      assertEquals(
        error.message,
        `Cannot share many in ${dir}: another peer does so already (process ${Deno.pid}); ` +
          "end that one first or choose another folder",
      );
    }
    assertEquals((await restart(dir)).haveCount, 8);
  },
);

Deno.test(
  "where the file system does not answer, nothing is locked, after a warning",
  {
    // The files wait for an answer.
    sanitizeResources: false,
  },
  async () => {
    await using folder = await withContent();
    const dir = folder.path;
    const prototype = Deno.FsFile.prototype as unknown as Record<
      string,
      unknown
    >;
    const kept = { lock: prototype.lock, tryLock: prototype.tryLock };
    using _ = { [Symbol.dispose]: () => void Object.assign(prototype, kept) };
    const answer = (lock: () => Promise<boolean>): void => {
      prototype.lock = lock;
      if (kept.tryLock !== undefined) prototype.tryLock = lock;
    };
    answer(() => new Promise(() => {}));
    const reasons: string[] = [];
    const onNoLock = (reason: string): void => void reasons.push(reason);
    const opened = await openTorrentContent(torrent, { dir, onNoLock });
    await opened[Symbol.asyncDispose]();
    assertEquals(reasons.length, 1);
    assertStringIncludes(reasons[0]!, "does not answer requests for locks");
    // Not even asked.
    const next = await openTorrentContent(torrent, {
      ...{ dir, lock: false, onNoLock },
    });
    await next[Symbol.asyncDispose]();
    assertEquals(reasons.length, 1);
    // No locks at all is another reason; this process is kept out all the same.
    answer(() => Promise.reject(new Deno.errors.NotSupported("ENOLCK")));
    const lockOwners = new LockOwners();
    const options = { dir, onNoLock, lockOwners };
    {
      await using _other = await openTorrentContent(torrent, options);
      assertEquals(reasons.length, 2);
      assertStringIncludes(reasons[1]!, "has no locks (ENOLCK); nothing keeps");
      await assertRejects(
        () => openTorrentContent(torrent, options),
        StorageError,
        "this program shares another torrent of that name",
      );
    }
    await using _again = await openTorrentContent(torrent, options);
    assertEquals(reasons.length, 3);
    const left = await Array.fromAsync(Deno.readDir(join(dir, ".lanswarm")));
    assertEquals(left.filter(({ name }) => name.endsWith(".owner")), []);
  },
);

Deno.test("a file that replaced a download of that name is left alone, unless it is to be overwritten", async () => {
  for (const mine of ["my thesis", "x".repeat(content.length)]) {
    await using folder = await withContent();
    const dir = folder.path;
    assertEquals((await restart(dir)).haveCount, 8);
    const path = join(dir, ...torrent.files[0]!.path);
    await Deno.writeTextFile(path, mine);
    await using opened = await openTorrentContent(torrent, { dir });
    const { message } = await assertRejects(
      () => opened.verify(),
      StorageError,
    );
    assertStringIncludes(message, "holds no piece of the torrent");
    assertEquals(await Deno.readTextFile(path), mine);
  }
});

Deno.test("a torrent cannot use the program's own folder, which is never shared", async () => {
  await using folder = await temporaryFolder();
  const { torrent } = sampleTorrent(PIECE_LENGTH, [
    { path: [".LANSWARM", "x.resume"], length: 5 },
  ]);
  await assertRejects(
    () => openTorrentContent(torrent, { dir: folder.path }),
    StorageError,
    "lanswarm keeps its own files under that name",
  );
  await Deno.mkdir(join(folder.path, ".lanswarm"), { recursive: true });
  await Deno.writeTextFile(join(folder.path, ".lanswarm", "x.resume"), "x");
  await Deno.writeTextFile(join(folder.path, "shared"), "y");
  const { files } = await scanSource(folder.path);
  assertEquals(files.map(({ path }) => path), [["shared"]]);
  assertEquals((await listing(folder.path)).includes("shared"), true);
});
