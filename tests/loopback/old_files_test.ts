/** Files of an older version of a torrent's folder, by path and by first piece. */
import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join, relative } from "@std/path";
import { createTorrent } from "../../lib/source/create_torrent.ts";
import { takeOldFiles } from "../../lib/disk/old_files.ts";
import { StorageError } from "../../lib/base/errors.ts";
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

/** The old file that is taken for each file of a new folder, all of which are missing. */
async function taken(
  files: Files,
  oldFiles: Files,
  { isAligned = false, present = [] as readonly string[] } = {},
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
  const copies: Record<string, string> = {};
  await takeOldFiles(torrent, {
    stamps: () =>
      Promise.resolve(torrent.files.map((_, index) => (
        present.includes(pathAt(index)) ? { size: 1, modifiedMs: 1 } : undefined
      ))),
    copyIn: (index, diskPath) => {
      copies[pathAt(index)] = relative(old!, diskPath);
      return Promise.resolve();
    },
  }, { from: [old!] });
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
    copyIn: () => Promise.resolve(),
  };
  const from = [join(folder.path, "missing")];
  await assertRejects(
    () => takeOldFiles(torrent, target, { from }),
    StorageError,
    "missing",
  );
});
