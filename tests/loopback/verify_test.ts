/**
 * The program verify: a copy against its torrent.
 */
import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { dirname, join } from "@std/path";
import {
  checkContent,
  createTorrent,
  loadTorrentFile,
  MemoryCatalogue,
  saveTorrentFile,
  startTracker,
  StorageError,
  type Torrent,
} from "../../mod.ts";
import { verify } from "../../cli/verify.ts";
import { FileSystem, type Outcome } from "../../lib/files/file_system.ts";
import { removeExtraFiles } from "../../lib/source/extra_files.ts";
import { runTask } from "../../scripts/programs/tasks.ts";
import { makeTree } from "./tree_copy.ts";
import { makeContent } from "./memory_torrent.ts";
import { runJob } from "./run_job.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const isWindows = Deno.build.os === "windows";
const announce = ["http://127.0.0.1:8000/announce"];

/** Lengths: pieces of 16 KiB, most of which belong to one file. */
const LENGTHS: Readonly<Record<string, number>> = {
  "a": 50_000,
  "d/b": 40_000,
  "d/e/c": 40_000,
  "empty": 0,
  "z": 100_000,
};

/** A folder `t` with its torrent file. */
async function publish(folder: string): Promise<{
  readonly torrent: string;
  readonly copy: string;
}> {
  const copy = join(folder, "copies", "t");
  for (const [path, length] of Object.entries(LENGTHS)) {
    await Deno.mkdir(dirname(join(copy, path)), { recursive: true });
    await Deno.writeFile(join(copy, path), makeContent(path, length));
  }
  if (!isWindows) await makeTree(copy, "l -> d/b", "to d -> d");
  const { bytes } = await createTorrent(copy, {
    announce,
    pieceLength: 16_384,
  });
  const torrent = join(folder, "t.torrent");
  await saveTorrentFile(torrent, bytes);
  return { torrent, copy };
}

/** Changes one byte of a file and nothing else. */
async function damage(path: string, offset: number): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  await file.seek(offset, Deno.SeekMode.Start);
  const byte = new Uint8Array(1);
  await file.read(byte);
  await file.seek(offset, Deno.SeekMode.Start);
  await file.write(Uint8Array.of(byte[0]! ^ 1));
}

Deno.test("verify finds a copy right by its folder, its own name and its URL, and writes nothing", async () => {
  await using folder = await temporaryFolder();
  const { torrent, copy } = await publish(folder.path);
  const count = isWindows ? 5 : 7;
  const before = await listing(folder.path);
  const catalogue = new MemoryCatalogue();
  await catalogue.add("t.torrent", await Deno.readFile(torrent));
  await using tracker = await startTracker({
    ...{ port: 0, hostname: "127.0.0.1", catalogue },
  });
  const url = new URL("/torrents/t.torrent", tracker.announceUrl).href;
  for (const source of [torrent, url]) {
    for (const place of [copy, dirname(copy)]) {
      const result = await runTask("verify", [source, place]);
      assertEquals([result.code, result.stderr], [0, ""]);
      assertEquals(
        result.stdout,
        `${copy}: ${count} of ${count} files right\n`,
      );
    }
  }
  assertEquals(await listing(folder.path), before);
  // Not even the program's own folder.
  await assertNothing(join(folder.path, "copies", ".lanswarm"));
  // Systems and empty folders leave things that count for nothing.
  await Deno.mkdir(join(copy, "none"));
  await Deno.writeTextFile(join(copy, "d", ".DS_Store"), "");
  assertEquals((await runJob(verify, [torrent, copy])).code, 0);
});

async function assertNothing(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(() => undefined);
  assertEquals(info, undefined);
}

Deno.test("verify says what is wrong, missing, unproven and extra", async () => {
  await using folder = await temporaryFolder();
  const { torrent, copy } = await publish(folder.path);
  // In a piece of its own, in one that it shares with c, and by size.
  await damage(join(copy, "a"), 20_000);
  await damage(join(copy, "d/b"), 39_999);
  await Deno.writeTextFile(join(copy, "empty"), "more");
  await Deno.remove(join(copy, "z"));
  await makeTree(copy, "more", "d/new/file");
  const result = await runJob(verify, [torrent, copy]);
  assertEquals([result.code, result.stderr], [1, ""]);
  const lines = result.stdout.trimEnd().split("\n");
  assertEquals(lines.slice(0, -1), [
    "wrong:    t/a (its content differs)",
    'unproven: t/d/b (a piece that it shares with "d/e/c" cannot be verified)',
    'unproven: t/d/e/c (a piece that it shares with "d/b" cannot be verified)',
    "wrong:    t/empty (it has 4 bytes instead of 0)",
    "missing:  t/z",
    "extra:    t/d/new/file",
    "extra:    t/more",
  ]);
  assertMatch(
    lines.at(-1)!,
    /: \d of \d files right, 2 wrong, 1 missing, 2 unproven, 2 extra$/,
  );
  const asJson = await runJob(verify, [torrent, copy, "--json"]);
  const report = JSON.parse(asJson.stdout);
  assertEquals(report.isRight, false);
  assertEquals(report.files[0], {
    ...{ path: ["a"], state: "wrong", reason: "its content differs" },
  });
  assertEquals(report.extra, [["d", "new", "file"], ["more"]]);
});

Deno.test("verify --delete-extra lists and deletes, but not where nothing is right", async () => {
  await using folder = await temporaryFolder();
  await using outside = await temporaryFolder();
  const { torrent, copy } = await publish(folder.path);
  await Deno.writeTextFile(join(outside.path, "kept"), "");
  await makeTree(copy, "x/y/1", "x/2", "d/3");
  await Deno.mkdir(join(copy, "x", "empty"));
  if (!isWindows) await makeTree(copy, `x/out -> ${outside.path}`);
  const listed = await runJob(verify, [torrent, copy]);
  assertEquals(listed.code, 1);
  const result = await runJob(verify, [torrent, copy, "--delete-extra"]);
  assertEquals([result.code, result.stderr], [0, ""]);
  const count = isWindows ? 3 : 4;
  assertEquals(result.stdout, `${listed.stdout}Deleted ${count} files\n`);
  assertEquals(await listing(outside.path), ["kept"]);
  // The folder that was empty before stays, and so does the one around it.
  assertEquals([...Deno.readDirSync(join(copy, "x"))].map(({ name }) => name), [
    "empty",
  ]);
  assertEquals((await runJob(verify, [torrent, copy])).code, 0);
  // Another folder of that name.
  const other = join(folder.path, "other", "t");
  await makeTree(other, "precious", "a");
  const refused = await runJob(verify, [torrent, other, "--delete-extra"]);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "no file of the torrent is right there");
  assertEquals(await listing(other), ["a", "precious"]);
  // An empty file proves nothing.
  await Deno.writeTextFile(join(other, "empty"), "");
  const unproven = await runJob(verify, [torrent, other, "--delete-extra"]);
  assertEquals(unproven.code, 1);
  assertEquals(await listing(other), ["a", "empty", "precious"]);
  // A folder without the content, of another name: nothing in it is extra.
  const none = await runJob(verify, [torrent, outside.path, "--delete-extra"]);
  assertEquals(none.code, 1);
  assertEquals(await listing(outside.path), ["kept"]);
});

Deno.test({
  name: "verify knows links by what they lead to",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const { torrent, copy } = await publish(folder.path);
    const replace = async (path: string, text: string): Promise<string> => {
      await Deno.remove(join(copy, path));
      await makeTree(copy, `${path} -> ${text}`);
      const { stdout } = await runJob(verify, [torrent, copy]);
      return stdout.split("\n")[0]!;
    };
    assertStringIncludes(await replace("l", "./d/../d/b"), "7 of 7");
    assertStringIncludes(await replace("to d", "../t/d"), "7 of 7");
    assertEquals(
      await replace("l", "a"),
      "wrong:    t/l (it does not lead to d/b)",
    );
    await Deno.remove(join(copy, "l"));
    await Deno.copyFile(join(copy, "d/b"), join(copy, "l"));
    assertEquals((await runJob(verify, [torrent, copy])).code, 0);
    await damage(join(copy, "l"), 7);
    assertEquals((await runJob(verify, [torrent, copy])).code, 1);
    // A link that leads out stands for nothing.
    await Deno.writeFile(join(folder.path, "b"), makeContent("d/b", 40_000));
    await Deno.remove(join(copy, "d/b"));
    await makeTree(copy, "d/b -> ../../../b");
    const { stdout } = await runJob(verify, [torrent, copy]);
    assertStringIncludes(stdout, "wrong:    t/d/b (no file, or a link");
  },
});

Deno.test("verify checks a single file, and ends with an error where there is none to check", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.bin");
  await Deno.writeFile(file, makeContent("a.bin", 100_000));
  const { bytes } = await createTorrent(file, { announce });
  const torrent = join(folder.path, "a.torrent");
  await saveTorrentFile(torrent, bytes);
  for (const place of [file, folder.path]) {
    const result = await runJob(verify, [torrent, place]);
    assertEquals(result.stdout, `${folder.path}: 1 of 1 file right\n`);
    assertEquals(result.code, 0);
  }
  const cases: [args: string[], code: number, message: string][] = [
    [[torrent, join(folder.path, "none")], 1, "it does not exist"],
    [[torrent, torrent], 1, 'the torrent\'s content is called "a.bin"'],
    [[file, folder.path], 3, "as a torrent file"],
    [[torrent], 2, "FOLDER"],
  ];
  for (const [args, code, message] of cases) {
    const result = await runJob(verify, args);
    assertStringIncludes(result.stderr, message);
    assertEquals(result.code, code);
  }
  await Deno.remove(file);
  const missing = await runJob(verify, [torrent, folder.path]);
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stdout, "missing:  a.bin\n");
});

/** A copy with an extra folder `x`, checked. */
async function checkedCopy(folder: string): Promise<{
  readonly torrent: Torrent;
  readonly copy: string;
  readonly remove: () => Promise<void>;
}> {
  const { torrent: path, copy } = await publish(folder);
  const torrent = await loadTorrentFile(path);
  await makeTree(copy, "x/kept");
  const { dir, extra } = await checkContent(torrent, copy);
  const remove = (): Promise<void> => removeExtraFiles(torrent, dir, extra);
  return { torrent, copy, remove };
}

Deno.test({
  name: "removeExtraFiles() follows no folder that became a link",
  ignore: isWindows,
  fn: async () => {
    for (const exchanged of ["x", "."]) {
      await using folder = await temporaryFolder();
      await using outside = await temporaryFolder();
      const { copy, remove } = await checkedCopy(folder.path);
      await Deno.chmod(dirname(copy), 0o777);
      await makeTree(outside.path, "x/kept", "kept");
      const before = await listing(outside.path);
      const place = join(copy, exchanged);
      await Deno.rename(place, join(folder.path, "moved"));
      await Deno.symlink(outside.path, place);
      await assertRejects(remove, StorageError, "link");
      assertEquals(await listing(outside.path), before);
    }
  },
});

Deno.test({
  name:
    "removeExtraFiles() works where the torrent's folder is a link of the user",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const { torrent, copy } = await publish(folder.path);
    await makeTree(copy, "x/y");
    const dir = join(folder.path, "dir");
    await Deno.mkdir(dir);
    await Deno.symlink(copy, join(dir, "t"));
    const { code } = await runJob(verify, [torrent, dir, "--delete-extra"]);
    assertEquals([code, await listing(join(copy, "x")).catch(() => "gone")], [
      ...[0, "gone"],
    ]);
  },
});

Deno.test("checkContent() takes no file for extra that a file system without case spells in capitals", async () => {
  await using folder = await temporaryFolder();
  const { torrent: path, copy } = await publish(folder.path);
  const torrent = await loadTorrentFile(path);
  await makeTree(copy, "more");
  const { readDir } = FileSystem.prototype;
  FileSystem.prototype.readDir = async function (
    dir: string,
  ): Promise<Deno.DirEntry[]> {
    const entries = await readDir.call(this, dir);
    return entries.map((entry) => (
      { ...entry, name: entry.name.replace("empty", "EMPTY") }
    ));
  };
  const { lstat } = FileSystem.prototype;
  FileSystem.prototype.lstat = function (
    path: string,
  ): Outcome<Deno.FileInfo> {
    return lstat.call(this, path.replace("EMPTY", "empty"));
  };
  try {
    const { extra } = await checkContent(torrent, copy);
    assertEquals(extra, [["t", "more"]]);
  } finally {
    Object.assign(FileSystem.prototype, { readDir, lstat });
  }
});

Deno.test("verify says why nothing is found: another name, or a download that goes on", async () => {
  await using folder = await temporaryFolder();
  const { torrent, copy } = await publish(folder.path);
  const other = join(folder.path, "other");
  await Deno.rename(copy, other);
  const renamed = await runTask("verify", [torrent, other]);
  assertEquals(renamed.code, 1);
  assertMatch(renamed.stderr, /^warning: \S*other holds no t; name the folder/);
  const { infoHash } = await loadTorrentFile(torrent);
  const parts = join(folder.path, "new", ".lanswarm", "parts", infoHash);
  await Deno.mkdir(parts, { recursive: true });
  const begun = await runTask("verify", [torrent, join(folder.path, "new")]);
  assertEquals(begun.code, 1);
  assertMatch(begun.stderr, /^warning: \S*new holds a download of it that/);
});
