/** A folder that gets its name in one step, when all of it is complete. */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { Bitfield } from "../../lib/base/bitfield.ts";
import { StorageError } from "../../lib/base/errors.ts";
import {
  openTorrentContent,
  type TorrentContent,
  type TorrentContentOptions,
} from "../../lib/disk/torrent_content.ts";
import type { Torrent, TorrentFile } from "../../lib/metainfo/torrent.ts";
import { measureRoom } from "../../lib/share/download_room.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { listing, openScene, temporaryFolder } from "./temporary_folder.ts";

const PIECE_LENGTH = 16_384;
const isWindows = Deno.build.os === "windows";
const recordSecret = new Uint8Array(32).fill(7);
const { torrent: plain, content } = sampleTorrent(PIECE_LENGTH, [
  { path: ["set", "a"], length: 2 * PIECE_LENGTH },
  { path: ["set", "deep", "er", "b"], length: PIECE_LENGTH + 100 },
  { path: ["set", "empty"], length: 0 },
]);
const link: TorrentFile = {
  ...{ path: ["set", "link"], length: 0, isPadding: false },
  linkTarget: ["set", "deep"],
};
const torrent: Torrent = {
  ...plain,
  files: [
    ...plain.files.map((file, index) => ({
      ...file,
      isExecutable: index === 0,
    })),
    ...isWindows ? [] : [link],
  ],
};
const NAMES = ["a", "deep/er/b", "empty", ...isWindows ? [] : ["link"]];

/** Opens the content, and verifies what is there. */
async function open(
  dir: string,
  options: Partial<TorrentContentOptions> = {},
): Promise<{ readonly opened: TorrentContent; readonly have: Bitfield }> {
  await using stack = new AsyncDisposableStack();
  const opened = stack.use(
    await openTorrentContent(torrent, {
      ...{ dir, recordSecret, isAtomic: true },
      ...options,
    }),
  );
  const have = await opened.verify();
  await opened.begin(have);
  // Its own saves are over before the folder goes.
  await opened.save(() => have);
  stack.move();
  return { opened, have };
}

async function store(
  { storage }: TorrentContent,
  ...indexes: number[]
): Promise<void> {
  for (const index of indexes) {
    const start = torrent.geometry.pieceOffset(index);
    const end = start + torrent.geometry.pieceLengthAt(index);
    await storage.write(start, content.subarray(start, end));
    await storage.named(index);
  }
}

/** Puts other content of the same size, or the content itself, under the name. */
async function putFolder(dir: string, isRight: boolean): Promise<void> {
  await Deno.mkdir(join(dir, "set", "deep", "er"), { recursive: true });
  const bytes = isRight ? content : new Uint8Array(content.length);
  const [a, b] = [
    bytes.slice(0, 2 * PIECE_LENGTH),
    bytes.slice(2 * PIECE_LENGTH),
  ];
  await Deno.writeFile(join(dir, "set", "a"), a);
  await Deno.writeFile(join(dir, "set", "deep", "er", "b"), b);
}

Deno.test("a folder gets its name when all of it is complete, after a kill too, and is served on", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  {
    const { opened } = await open(dir);
    await using _ = opened;
    await store(opened, 2, 3, 0);
    assertEquals(await listing(dir), []);
  }
  // Nothing was saved, as if it was killed; one file was complete.
  const { neededLength } = await measureRoom(torrent, dir);
  assertEquals(neededLength <= PIECE_LENGTH, true, `${neededLength}`);
  const { opened, have } = await open(dir);
  await using _ = opened;
  assertEquals([...have.indexes()], [0, 2, 3]);
  assertEquals(await listing(dir), []);
  const { storage } = opened;
  // Files are read all the time.
  let isOver = false;
  const reading = (async () => {
    const into = new Uint8Array(PIECE_LENGTH);
    for (let count = 0; !isOver || count % 3 > 0; count++) {
      const index = [0, 2, 3][count % 3]!;
      const bytes = into.subarray(0, torrent.geometry.pieceLengthAt(index));
      const start = index * PIECE_LENGTH;
      await storage.read(start, bytes);
      await storage.checkServed(start, bytes.length);
      assertEquals(bytes, content.slice(start, start + bytes.length));
    }
  })();
  await store(opened, 1);
  assertEquals(await listing(join(dir, "set")), NAMES);
  isOver = true;
  await reading;
  const into = new Uint8Array(content.length);
  await storage.read(0, into);
  assertEquals(into, content);
  assertEquals(await opened.findChange(), undefined);
  if (!isWindows) {
    assertEquals(await Deno.readLink(join(dir, "set", "link")), "deep");
    const { mode } = await Deno.stat(join(dir, "set", "a"));
    assertEquals(mode! & 0o100, 0o100);
  }
  const own = await Array.fromAsync(Deno.readDir(join(dir, ".lanswarm")));
  assertEquals(own.filter(({ isDirectory }) => isDirectory), []);
});

Deno.test("a folder that was complete when it was killed gets its name at the next start", async () => {
  for (const isAtomic of [true, false]) {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    {
      const { opened } = await open(dir);
      await using _ = opened;
      await store(opened, 0, 1, 2, 3);
    }
    const above = join(dir, ".lanswarm", "staged", torrent.infoHash);
    await Deno.mkdir(above, { recursive: true });
    await Deno.rename(join(dir, "set"), join(above, "set"));
    const { opened, have } = await open(dir, { isAtomic });
    await using _ = opened;
    assertEquals(have.isFull, true);
    assertEquals(await listing(join(dir, "set")), NAMES);
  }
});

Deno.test("a folder that is staged no longer has its name at once", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  {
    const { opened } = await open(dir);
    await using _ = opened;
    await store(opened, 0, 1);
    assertEquals(await listing(dir), []);
  }
  const { opened, have } = await open(dir, { isAtomic: false });
  await using _ = opened;
  assertEquals([...have.indexes()], [0, 1]);
  assertEquals(await listing(dir), ["set/a"]);
  await store(opened, 2, 3);
  assertEquals(await listing(join(dir, "set")), NAMES);
});

Deno.test("a name that is taken is an error, and complete content has it already", async () => {
  for (const isRight of [true, false]) {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    await putFolder(dir, isRight);
    const before = await Deno.stat(join(dir, "set", "a"));
    // One that may replace files does not either.
    for (const overwrite of [false, true]) {
      const opening = open(dir, { overwrite });
      if (isRight) await (await opening).opened[Symbol.asyncDispose]();
      else {
        await assertRejects(
          () => opening,
          StorageError,
          `Cannot store ${
            join(dir, "set")
          } in one step: something has that name`,
        );
      }
    }
    const { ino, mtime } = await Deno.stat(join(dir, "set", "a"));
    assertEquals([ino, mtime], [before.ino, before.mtime]);
  }
});

Deno.test("a file alone of which the name is taken is an error", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  const { torrent, content } = sampleTorrent(PIECE_LENGTH, [
    { path: ["f"], length: 2 * PIECE_LENGTH },
  ]);
  await Deno.writeFile(join(dir, "f"), content.slice(0, PIECE_LENGTH));
  await using opened = await openTorrentContent(torrent, {
    ...{ dir, recordSecret, isAtomic: true },
  });
  await assertRejects(() => opened.verify(), StorageError, "in one step");
});

Deno.test("a name that is taken meanwhile stays with its owner until that is moved away", async () => {
  for (const kind of ["folder", "file"] as const) {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    {
      const { opened } = await open(dir);
      await using _ = opened;
      await store(opened, 0, 1, 2);
      if (kind === "file") await Deno.writeTextFile(join(dir, "set"), "mine");
      else await Deno.mkdir(join(dir, "set"));
      await assertRejects(
        () => store(opened, 3),
        StorageError,
        `Cannot store ${join(dir, "set")}: another program made it meanwhile`,
      );
    }
    if (kind === "file") {
      assertEquals(await Deno.readTextFile(join(dir, "set")), "mine");
    }
    await Deno.rename(join(dir, "set"), join(dir, "moved"));
    const { opened } = await open(dir);
    await using _ = opened;
    assertEquals(await listing(join(dir, "set")), NAMES);
  }
});

Deno.test("of a part of the files, the folder has its name when that is complete", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  const wanted = new Bitfield(torrent.files.length);
  wanted.add(0);
  {
    const { opened } = await open(dir, { wanted });
    await using _ = opened;
    await store(opened, 0);
    assertEquals(await listing(dir), []);
    await store(opened, 1);
    assertEquals(await listing(dir), ["set/a"]);
  }
  // All of it is more than that.
  await assertRejects(() => open(dir), StorageError, "in one step");
  const { opened } = await open(dir, { wanted });
  await opened[Symbol.asyncDispose]();
});

Deno.test({
  name: "nothing outside is renamed where a staged folder is a link",
  ignore: isWindows,
  fn: async () => {
    for (const name of [".lanswarm", "staged", "set"]) {
      await using scene = await openScene();
      const { dir, outside } = scene;
      const { opened } = await open(dir);
      await using _ = opened;
      await store(opened, 0, 1, 2);
      const places = {
        ".lanswarm": join(dir, ".lanswarm"),
        "staged": join(dir, ".lanswarm", "staged"),
        "set": join(dir, ".lanswarm", "staged", torrent.infoHash, "set"),
      };
      const place = places[name as keyof typeof places];
      const theirs = join(outside, "staged", torrent.infoHash, "set");
      await Deno.mkdir(theirs, { recursive: true });
      await Deno.rename(place, join(dir, "away"));
      const targets = {
        ".lanswarm": outside,
        "staged": join(outside, "staged"),
        "set": theirs,
      };
      await Deno.symlink(targets[name as keyof typeof targets], place);
      await assertRejects(() => store(opened, 3), StorageError);
      assertEquals((await Deno.lstat(theirs)).isDirectory, true);
      await assertRejects(
        () => Deno.lstat(join(dir, "set")),
        Deno.errors.NotFound,
      );
    }
  },
});

Deno.test({
  name:
    "a folder that another user puts in the place of the staged one is given back",
  ignore: isWindows,
  fn: async () => {
    await using scene = await openScene();
    const { dir, outside } = scene;
    const above = join(dir, ".lanswarm", "staged", torrent.infoHash);
    const theirs = join(outside, "set");
    await Deno.mkdir(theirs);
    const { ino } = await Deno.stat(theirs);
    const { opened } = await open(dir);
    await using _ = opened;
    await store(opened, 0, 1, 2);
    const { renameSync } = Deno;
    Deno.renameSync = (from, to) => {
      Deno.renameSync = renameSync;
      renameSync(above, join(dir, "away"));
      Deno.symlinkSync(outside, above);
      renameSync(from, to);
    };
    await assertRejects(() => store(opened, 3), StorageError, "was replaced");
    assertEquals((await Deno.stat(theirs)).ino, ino);
    await assertRejects(
      () => Deno.lstat(join(dir, "set")),
      Deno.errors.NotFound,
    );
  },
});
