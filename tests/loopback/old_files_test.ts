/** Files of an older version of a torrent's folder, by path and by first piece. */
import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join, relative } from "@std/path";
import { Bitfield } from "../../lib/base/bitfield.ts";
import { createTorrent } from "../../lib/source/create_torrent.ts";
import {
  type FileStorage,
  openFileStorage,
} from "../../lib/disk/file_storage.ts";
import { FileSystem } from "../../lib/files/file_system.ts";
import type { OldFile } from "../../lib/disk/old_file.ts";
import { type TakenFiles, takeOldFiles } from "../../lib/disk/old_files.ts";
import type { Torrent } from "../../lib/metainfo/torrent.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { StorageError } from "../../lib/base/errors.ts";
import { testUnless } from "../test_unless.ts";
import { mountMemoryDisk, noMemoryDisk, unmount } from "./foreign_disk.ts";
import { makeContent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const PIECE_LENGTH = 16_384;

type Files = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

async function write(folder: string, files: Files): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    const place = join(folder, path);
    await Deno.mkdir(dirname(place), { recursive: true });
    await Deno.writeFile(place, bytes);
  }
}

/** An aligned torrent of a folder with these files, which is gone. */
async function torrentOf(files: Files): Promise<{ readonly torrent: Torrent }> {
  await using folder = await temporaryFolder();
  await write(folder.path, files);
  return await createTorrent(folder.path, {
    announce: [],
    pieceLength: PIECE_LENGTH,
    isAligned: true,
  });
}

/** The old file that is taken for each file of a new folder, all of which are missing. */
async function taken(
  files: Files,
  oldFiles: Files,
  { isAligned = false, present = [] as readonly string[], wanted }: {
    readonly isAligned?: boolean;
    readonly present?: readonly string[];
    /** Indexes of files. @default all */
    readonly wanted?: readonly number[];
  } = {},
): Promise<Record<string, string>> {
  await using folder = await temporaryFolder();
  const [next, old] = ["next", "old"].map((name) => join(folder.path, name));
  await write(next!, files);
  await write(old!, oldFiles);
  const { torrent } = await createTorrent(next!, {
    announce: [],
    pieceLength: PIECE_LENGTH,
    isAligned,
  });
  const pathAt = (index: number): string =>
    torrent.files[index]!.path.slice(1).join("/");
  const bits = wanted && new Bitfield(torrent.files.length);
  for (const index of wanted ?? []) bits?.add(index);
  const copies: Record<string, string> = {};
  await takeOldFiles(torrent, {
    stamps: () =>
      Promise.resolve(torrent.files.map((_, index) => (
        present.includes(pathAt(index)) ? { size: 1, modifiedMs: 1 } : undefined
      ))),
    copyIn: (index, { root, path }) => {
      copies[pathAt(index)] = relative(old!, join(root, ...path));
      return Promise.resolve({ type: "copied" });
    },
  }, { from: [old!], wanted: bits });
  return copies;
}

const [A, B, C] = ["a", "b", "c"].map((seed) => makeContent(seed, 100_000));

Deno.test("takeOldFiles() takes the file with the same path, whatever it holds", async () => {
  const changed = A!.with(50_000, A![50_000]! ^ 1);
  assertEquals(
    await taken({ "a": A!, "sub/b": B! }, { "a": changed, "sub/b": C! }),
    { "a": "a", "sub/b": "sub/b" },
  );
});

Deno.test("takeOldFiles() leaves what is there, and what is in no old folder", async () => {
  const options = { present: ["a"] };
  assertEquals(await taken({ "a": A!, "b": B! }, { "a": A! }, options), {});
});

Deno.test("takeOldFiles() takes no file that is not wanted", async () => {
  const files = { "a": A!, "b": B! };
  assertEquals(await taken(files, files, { wanted: [1] }), { "b": "b" });
});

Deno.test("takeOldFiles() finds a file of another name by its first whole piece", async () => {
  // The first piece of `y` begins inside of it.
  assertEquals(
    await taken({ "x": A!, "y": B! }, { "old b": B!, "old a": A!, "c": C! }),
    { "x": "old a", "y": "old b" },
  );
});

Deno.test("takeOldFiles() finds a file that has grown if it begins at a piece", async () => {
  const grown = new Uint8Array([...B!, ...C!]);
  const files = { "x": A!, "y": grown };
  const oldFiles = { "old b": B! };
  assertEquals(await taken(files, oldFiles, { isAligned: true }), {
    "y": "old b",
  });
  assertEquals(await taken(files, oldFiles), {});
});

Deno.test("takeOldFiles() finds a file shorter than a piece behind its padding", async () => {
  const small = makeContent("small", 1_000);
  const files = { "small": small, "z": A! };
  const oldFiles = { "old": small, "same length": makeContent("other", 1_000) };
  assertEquals(await taken(files, oldFiles, { isAligned: true }), {
    "small": "old",
  });
  assertEquals(await taken(files, oldFiles), {});
});

Deno.test("takeOldFiles() says which old folder cannot be read", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "a");
  await Deno.writeFile(path, A!);
  const { torrent } = await createTorrent(path, { announce: [] });
  const target = {
    stamps: () => Promise.resolve([undefined]),
    copyIn: () => Promise.resolve({ type: "gone" } as const),
  };
  const from = [join(folder.path, "missing")];
  await assertRejects(
    () => takeOldFiles(torrent, target, { from }),
    StorageError,
    "missing",
  );
});

/** Two old files of 16 KiB, `a` and `b`, and a storage that lacks both. */
async function openCopyScene(folder: string, mode: number): Promise<
  AsyncDisposable & {
    readonly storage: FileStorage;
    readonly old: string;
    readonly outside: string;
    /** The path of a part. */
    readonly part: (index: number) => string;
    /** Copies what is missing; `meanwhile` runs after the first file. */
    readonly take: (meanwhile?: () => Promise<void>) => Promise<TakenFiles>;
  }
> {
  const [dir, old, outside] = ["new", "old", "outside"]
    .map((name) => join(folder, name)) as [string, string, string];
  for (const path of [dir, old, outside]) await Deno.mkdir(path);
  await Deno.chmod(dir, mode);
  const { torrent, content } = sampleTorrent(PIECE_LENGTH, [
    { path: ["t", "a"], length: PIECE_LENGTH },
    { path: ["t", "b"], length: PIECE_LENGTH },
  ]);
  await Deno.writeFile(join(old, "a"), content.subarray(0, PIECE_LENGTH));
  await Deno.writeFile(join(old, "b"), content.subarray(PIECE_LENGTH));
  const storage = await openFileStorage(torrent, { dir });
  return {
    ...{ storage, old, outside },
    part: (index) =>
      join(dir, ".lanswarm", "parts", torrent.infoHash, `${index}`),
    take: (meanwhile) =>
      takeOldFiles(torrent, {
        stamps: () => storage.stamps(),
        copyIn: async (index, file) => {
          const outcome = await storage.places.copyIn(index, file);
          if (index === 0) await meanwhile?.();
          return outcome;
        },
      }, { from: [old] }),
    [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
  };
}

Deno.test({
  name: "takeOldFiles() takes nothing that was put in the place of an old file",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    for (const mode of [0o755, 0o777]) {
      for (const kind of ["link", "folder", "pipe", "file", "none"] as const) {
        await using folder = await temporaryFolder();
        await using scene = await openCopyScene(folder.path, mode);
        const { old, outside } = scene;
        await Deno.writeTextFile(join(outside, "b"), "private", {
          mode: 0o600,
        });
        const taken = await scene.take(async () => {
          if (kind === "folder") {
            await Deno.rename(old, `${old}-moved`);
            await Deno.mkdir(old);
          } else await Deno.rename(join(old, "b"), join(old, "moved"));
          const b = join(old, "b");
          if (kind === "link") await Deno.symlink(join(outside, "b"), b);
          if (kind === "file") await Deno.link(join(outside, "b"), b);
          if (kind === "pipe") {
            await new Deno.Command("mkfifo", { args: [b] }).output();
          }
        });
        const { fileCount, length } = taken;
        assertEquals([fileCount, length], [1, PIECE_LENGTH], kind);
        await assertRejects(
          () => Deno.stat(scene.part(1)),
          Deno.errors.NotFound,
        );
      }
    }
  },
});

Deno.test({
  name: "takeOldFiles() reads through no folder that became a link",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await temporaryFolder();
    const [dir, old, outside] = ["new", "old", "outside"]
      .map((name) => join(folder.path, name)) as [string, string, string];
    await write(old, { "d/a": A!, "d/b": B! });
    await write(outside, { "a": C!, "b": C! });
    const { torrent } = sampleTorrent(PIECE_LENGTH, [
      { path: ["t", "d", "a"], length: A!.length },
      { path: ["t", "d", "b"], length: B!.length },
    ]);
    await using storage = await openFileStorage(torrent, { dir });
    const taken = await takeOldFiles(torrent, {
      stamps: () => storage.stamps(),
      copyIn: async (index, file) => {
        const outcome = await storage.places.copyIn(index, file);
        if (index === 0) {
          await Deno.rename(join(old, "d"), join(old, "moved"));
          await Deno.symlink(outside, join(old, "d"));
        }
        return outcome;
      },
    }, { from: [old] });
    assertEquals(taken.fileCount, 1);
  },
});

Deno.test({
  name: "a copy of an old file may be read by nobody who may not read that",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    for (const mode of [0o755, 0o777]) {
      await using folder = await temporaryFolder();
      await using scene = await openCopyScene(folder.path, mode);
      await Deno.chmod(join(scene.old, "a"), 0o600);
      await Deno.chmod(join(scene.old, "b"), 0o444);
      await scene.take();
      const modes = [0, 1].map((index) =>
        (Deno.statSync(scene.part(index)).mode! & 0o777).toString(8)
      );
      assertEquals(modes, ["600", "644"]);
    }
  },
});

testUnless(
  noMemoryDisk,
  "a copy of an old file that fails says that the disk is full",
  async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "small");
    await Deno.mkdir(path);
    await mountMemoryDisk(path, "64k");
    try {
      const old = join(folder.path, "old");
      await Deno.writeFile(old, makeContent("old", 300_000));
      for (const mode of [0o755, 0o777]) {
        const dir = join(path, mode.toString(8));
        await Deno.mkdir(dir);
        await Deno.chmod(dir, mode);
        const { torrent } = sampleTorrent(PIECE_LENGTH, [
          { path: ["t"], length: 300_000 },
        ]);
        await using storage = await openFileStorage(torrent, { dir });
        const target = {
          stamps: () => storage.stamps(),
          copyIn: (index: number, file: OldFile) =>
            storage.places.copyIn(index, file),
        };
        await assertRejects(
          () => takeOldFiles(torrent, target, { from: [old] }),
          StorageError,
          "the disk is full",
        );
        // A copy that was cut short is made anew at the next start, and takes no room.
        assertEquals(await storage.stamps(), [undefined]);
        const parts = join(dir, ".lanswarm", "parts", torrent.infoHash);
        assertEquals([...Deno.readDirSync(parts)], []);
        await Deno.remove(dir, { recursive: true });
      }
    } finally {
      await unmount(path);
    }
  },
);

Deno.test("takeOldFiles() finds two files of one length, of which the last has no padding", async () => {
  const [x, y] = ["x", "y"].map((seed) => makeContent(seed, 100));
  const { torrent } = await torrentOf({ "new 1": x!, "new 2": y! });
  assertEquals(torrent.files.map(({ length }) => length), [
    ...[100, PIECE_LENGTH - 100, 100],
  ]);
  assertEquals(
    await taken({ "new 1": x!, "new 2": y! }, { "old 1": x!, "old 2": y! }, {
      isAligned: true,
    }),
    { "new 1": "old 1", "new 2": "old 2" },
  );
});

Deno.test("takeOldFiles() ends its search with the signal", async () => {
  await using folder = await temporaryFolder();
  await write(folder.path, { "old 1": A!, "old 2": B! });
  const { torrent } = await torrentOf({ "x": C! });
  const controller = new AbortController();
  const { open } = FileSystem.prototype;
  FileSystem.prototype.open = function (
    ...args: Parameters<typeof open>
  ): ReturnType<typeof open> {
    controller.abort();
    return open.apply(this, args);
  };
  try {
    await assertRejects(
      () =>
        takeOldFiles(torrent, {
          stamps: () => Promise.resolve(torrent.files.map(() => undefined)),
          copyIn: () => Promise.resolve({ type: "gone" } as const),
        }, { from: [folder.path], signal: controller.signal }),
      DOMException,
    );
  } finally {
    FileSystem.prototype.open = open;
  }
});
