/** Hard links to old files in the place of copies, to which nothing is ever written. */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { Bitfield } from "../../lib/base/bitfield.ts";
import { StorageError } from "../../lib/base/errors.ts";
import { FileSystem } from "../../lib/files/file_system.ts";
import type { TakenFiles } from "../../lib/disk/old_files.ts";
import {
  openTorrentContent,
  type TorrentContent,
  type TorrentContentOptions,
} from "../../lib/disk/torrent_content.ts";
import type { Torrent } from "../../lib/metainfo/torrent.ts";
import { sha256Of } from "../../scripts/programs/sample_file.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { testUnless } from "../test_unless.ts";
import { mountMemoryDisk, noMemoryDisk, unmount } from "./foreign_disk.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const PIECE_LENGTH = 16_384;
const ignore = Deno.build.os === "windows";
const recordSecret = new Uint8Array(32).fill(7);
const NAMES = ["a", "b", "c", "d"];
const LENGTH = 2 * PIECE_LENGTH;
const { torrent, content } = sampleTorrent(
  PIECE_LENGTH,
  NAMES.map((name) => ({ path: ["new", name], length: LENGTH })),
);
const bytesOf = (index: number): Uint8Array<ArrayBuffer> =>
  content.slice(index * LENGTH, (index + 1) * LENGTH) as Uint8Array<
    ArrayBuffer
  >;

/** Makes the folder `old` with all files of the new one. */
async function makeOld(folder: string): Promise<string> {
  const old = join(folder, "old");
  await Deno.mkdir(old);
  for (const [index, name] of NAMES.entries()) {
    await Deno.writeFile(join(old, name), bytesOf(index));
    await Deno.chmod(join(old, name), 0o644);
  }
  return old;
}

/** Everything that must stay as it is in a folder. */
async function stateOf(folder: string): Promise<unknown[]> {
  return await Promise.all((await listing(folder)).map(async (name) => {
    const path = join(folder, name);
    const { ino, mode, mtime, size, uid } = await Deno.stat(path);
    return {
      name,
      ino,
      mode,
      mtime,
      size,
      uid,
      hash: await sha256Of(path),
    };
  }));
}

const inode = async (...path: string[]): Promise<number | null> =>
  (await Deno.stat(join(...path))).ino;

interface Opened extends AsyncDisposable {
  readonly opened: TorrentContent;
  readonly have: Bitfield;
  readonly taken: TakenFiles | undefined;
}

/** Opens the new folder below `dir`, and verifies what is there. */
async function open(
  dir: string,
  { ofTorrent = torrent, ...options }: Partial<TorrentContentOptions> & {
    readonly ofTorrent?: Torrent;
  },
): Promise<Opened> {
  let taken: TakenFiles | undefined;
  await using stack = new AsyncDisposableStack();
  const opened = stack.use(
    await openTorrentContent(ofTorrent, {
      ...{ dir, recordSecret, mayLink: true },
      ...options,
      onTaken: (files) => taken = files,
    }),
  );
  const have = await opened.verify();
  await opened.begin(have);
  await opened.save(() => have);
  const moved = stack.move();
  const dispose = (): Promise<void> => moved.disposeAsync();
  return { opened, have, taken, [Symbol.asyncDispose]: dispose };
}

/** Stores what is missing. */
async function store({ opened: { storage }, have }: Opened): Promise<void> {
  for (let index = 0; index < have.length; index++) {
    if (have.has(index)) continue;
    const start = index * PIECE_LENGTH;
    await storage.write(start, content.subarray(start, start + PIECE_LENGTH));
    await storage.named(index);
  }
}

Deno.test({
  name:
    "files that are wholly the same are linked, others copied for a reason, and the old ones stay as they are",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const old = await makeOld(folder.path);
    const dir = join(folder.path, "dir");
    const changed = bytesOf(1);
    changed[PIECE_LENGTH + 5]! ^= 1;
    await Deno.writeFile(join(old, "b"), changed);
    await Deno.chmod(join(old, "c"), 0o664);
    await Deno.chmod(join(old, "d"), 0o755);
    const before = await stateOf(old);
    await using content = await open(dir, { from: [old] });
    assertEquals(content.have.count, 7);
    const { linked, copied, fileCount } = content.taken!;
    assertEquals(linked, [0]);
    assertEquals(copied, { different: 1, exposed: 1, mode: 1 });
    assertEquals(fileCount, 4);
    await store(content);
    for (const [index, name] of NAMES.entries()) {
      const path = join(dir, "new", name);
      assertEquals(await Deno.readFile(path), bytesOf(index), name);
      const isLinked = await inode(path) === await inode(old, name);
      assertEquals(isLinked, name === "a", name);
    }
    assertEquals((await Deno.stat(join(dir, "new", "d"))).mode! & 0o111, 0);
    assertEquals(await stateOf(old), before);
    const own = await Array.fromAsync(Deno.readDir(join(dir, ".lanswarm")));
    assertEquals(own.filter(({ isDirectory }) => isDirectory), []);
  },
});

Deno.test({
  name: "programs are linked to programs alone, and set-user-ID files never",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const old = await makeOld(folder.path);
    const dir = join(folder.path, "dir");
    const files = torrent.files.map((file) => ({
      ...file,
      isExecutable: true,
    }));
    await Deno.chmod(join(old, "b"), 0o755);
    await Deno.chmod(join(old, "c"), 0o4755);
    const before = await stateOf(old);
    const ofTorrent = { ...torrent, files };
    await using content = await open(dir, { from: [old], ofTorrent });
    assertEquals(content.taken!.linked, [1]);
    assertEquals(content.taken!.copied, { mode: 3 });
    for (const name of NAMES) {
      const { mode } = await Deno.stat(join(dir, "new", name));
      assertEquals(mode! & 0o7777, 0o755, name);
    }
    assertEquals(await stateOf(old), before);
  },
});

Deno.test({
  name:
    "nothing is linked where others can exchange the old folder or the new one",
  ignore,
  fn: async () => {
    for (const place of ["old", "dir"]) {
      await using folder = await temporaryFolder();
      const old = await makeOld(folder.path);
      const dir = join(folder.path, "dir");
      await Deno.mkdir(dir);
      await Deno.chmod(join(folder.path, place), 0o777);
      await using content = await open(dir, { from: [old] });
      assertEquals(content.taken!.linked, []);
      assertEquals(content.taken!.copied, { exposed: 4 });
      assertEquals(await listing(join(dir, "new")), NAMES);
    }
  },
});

testUnless(
  ignore
    ? "this system has no numbers of users"
    : Deno.uid() === 0
    ? undefined
    : "only root can give files away",
  "a file of another user is not linked, as that user may change it",
  async () => {
    await using folder = await temporaryFolder();
    const old = await makeOld(folder.path);
    await Deno.chown(join(old, "a"), 65534, null);
    const dir = join(folder.path, "dir");
    await using content = await open(dir, { from: [old] });
    assertEquals(content.taken!.linked, [1, 2, 3]);
    assertEquals(content.taken!.copied, { exposed: 1 });
  },
);

testUnless(
  noMemoryDisk,
  "files on another file system are copied",
  async () => {
    await using folder = await temporaryFolder();
    const old = await makeOld(folder.path);
    const disk = join(folder.path, "disk");
    await Deno.mkdir(disk);
    await mountMemoryDisk(disk);
    try {
      await Deno.chmod(disk, 0o755);
      await using content = await open(join(disk, "dir"), { from: [old] });
      assertEquals(content.taken!.linked, []);
      assertEquals(content.taken!.copied, { refused: 4 });
      assertEquals(await listing(join(disk, "dir", "new")), NAMES);
    } finally {
      await unmount(disk);
    }
  },
);

Deno.test({
  name:
    "a linked file that is changed later is replaced by a new one, and the old one is not mended",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const old = await makeOld(folder.path);
    const dir = join(folder.path, "dir");
    {
      await using content = await open(dir, { from: [old] });
      assertEquals(content.taken!.linked, [0, 1, 2, 3]);
    }
    // Its owner does what was not to be done.
    using file = await Deno.open(join(old, "a"), { write: true });
    await file.write(new Uint8Array(100));
    await Deno.utime(join(old, "a"), 1e9, 1e9);
    const before = await stateOf(old);
    await using content = await open(dir, {});
    assertEquals(content.have.count, 7);
    await store(content);
    assertEquals(await Deno.readFile(join(dir, "new", "a")), bytesOf(0));
    assertNotEquals(await inode(dir, "new", "a"), await inode(old, "a"));
    assertEquals(await inode(dir, "new", "b"), await inode(old, "b"));
    assertEquals(await stateOf(old), before);
  },
});

Deno.test({
  name:
    "links that a killed peer has left among the parts are written to no more than before",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const old = await makeOld(folder.path);
    const dir = join(folder.path, "dir");
    await Deno.writeFile(join(old, "b"), new Uint8Array(LENGTH).fill(1));
    const before = await stateOf(old);
    const parts = join(dir, ".lanswarm", "parts", torrent.infoHash);
    {
      const options = { dir, recordSecret, from: [old], mayLink: true };
      await using _ = await openTorrentContent(torrent, options);
      assertEquals(await inode(parts, "1"), await inode(old, "b"));
    }
    // Killed while it made a link, and a copy.
    for (const name of ["2.copy.link", "2.copy", "1.copy"]) {
      await Deno.writeTextFile(join(parts, name), "left over");
    }
    await using content = await open(dir, { from: [old] });
    assertEquals(content.have.count, 6);
    assertNotEquals(await inode(parts, "1"), await inode(old, "b"));
    await store(content);
    for (const [index, name] of NAMES.entries()) {
      assertEquals(await Deno.readFile(join(dir, "new", name)), bytesOf(index));
    }
    assertEquals(await inode(dir, "new", "a"), await inode(old, "a"));
    assertEquals(await stateOf(old), before);
    await assertRejects(() => Deno.stat(parts), Deno.errors.NotFound);
  },
});

Deno.test({
  name:
    "an old file is not emptied where a folder of its new name is exchanged for a link",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const old = await makeOld(folder.path);
    const dir = join(folder.path, "dir");
    const before = await stateOf(old);
    const { link } = FileSystem.prototype;
    FileSystem.prototype.link = async function (
      ...args: Parameters<typeof link>
    ): Promise<void> {
      await link.apply(this, args);
      const place = join(dir, "new");
      await Deno.rename(place, join(folder.path, "away"));
      await Deno.symlink(old, place);
      FileSystem.prototype.link = link;
    };
    try {
      await assertRejects(() => open(dir, { from: [old] }), StorageError);
    } finally {
      FileSystem.prototype.link = link;
    }
    assertEquals(await stateOf(old), before);
  },
});

Deno.test({
  name:
    "a file that is begun keeps what it has and is counted, until its part is deleted",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const old = await makeOld(folder.path);
    const dir = join(folder.path, "dir");
    {
      await using content = await open(dir, {});
      await content.opened.storage.write(0, bytesOf(0).slice(0, PIECE_LENGTH));
    }
    {
      await using content = await open(dir, { from: [old] });
      assertEquals(content.have.count, 7);
      assertEquals(content.taken!.begun, [0]);
      assertEquals(content.taken!.linked, [1, 2, 3]);
    }
    const parts = join(dir, ".lanswarm", "parts");
    await Deno.remove(parts, { recursive: true });
    await using content = await open(dir, { from: [old] });
    assertEquals(content.have.isFull, true);
    assertEquals(content.taken!.begun, []);
    assertEquals(content.taken!.linked, [0]);
  },
});
