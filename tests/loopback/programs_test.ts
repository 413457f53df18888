/**
 * Executable bits on their way from a folder through a torrent file to a copy.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { create } from "../../cli/create.ts";
import { infoHashFromBytes } from "../../lib/base/identifier.ts";
import { openFileStorage } from "../../lib/disk/file_storage.ts";
import { keepsModes } from "../../lib/source/source.ts";
import {
  createTorrent,
  openTorrentContent,
  sha1,
  type Torrent,
} from "../../mod.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import {
  foreignDiskUnavailableReason,
  mountForeignDisk,
} from "./foreign_disk.ts";
import { runJob } from "./run_job.ts";
import { storePieces } from "./store_content.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const URL = "http://127.0.0.1:8000/announce";
const isWindows = Deno.build.os === "windows";

/** Paths below the torrent's folder of the files that are programs. */
function programs({ files }: Torrent): string[] {
  return files.filter(({ isExecutable }) => isExecutable)
    .map(({ path }) => path.slice(1).join("/"));
}

async function modeAt(...path: string[]): Promise<number> {
  return ((await Deno.stat(join(...path))).mode ?? 0) & 0o777;
}

Deno.test({
  name: "createTorrent() tells of files that their owner may run",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const modes: [name: string, mode: number][] = [
      ["all", 0o755],
      ["none", 0o644],
      ["others", 0o655],
      ["owner", 0o700],
    ];
    await Deno.mkdir(join(folder.path, "shared"));
    for (const [name, mode] of modes) {
      const path = join(folder.path, "shared", name);
      await Deno.writeTextFile(path, name);
      await Deno.chmod(path, mode);
    }
    const { torrent } = await createTorrent(join(folder.path, "shared"), {
      announce: [URL],
    });
    assertEquals(programs(torrent), ["all", "owner"]);
    const single = await createTorrent(join(folder.path, "shared", "owner"), {
      announce: [URL],
    });
    assertEquals(single.torrent.files[0]!.isExecutable, true);
  },
});

Deno.test("createTorrent() makes the info dictionary of BEP 3 where there are no programs", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "d");
  await Deno.mkdir(join(path, "sub"), { recursive: true });
  for (
    const [name, text] of [["a", "hi\n"], ["empty", ""], ["sub/b", "ho\n"]]
  ) {
    await Deno.writeTextFile(join(path, name!), text!, { mode: 0o644 });
  }
  const { torrent } = await createTorrent(path, { announce: [URL] });
  const hash = String.fromCharCode(
    ...sha1(new TextEncoder().encode("hi\nho\n")),
  );
  const info = "d5:filesld6:lengthi3e4:pathl1:aee" +
    "d6:lengthi0e4:pathl5:emptyeed6:lengthi3e4:pathl3:sub1:beee" +
    `4:name1:d12:piece lengthi262144e6:pieces20:${hash}e`;
  const bytes = Uint8Array.from(info, (letter) => letter.charCodeAt(0));
  assertEquals(torrent.infoHash, infoHashFromBytes(sha1(bytes)));
});

const foreignReason = await foreignDiskUnavailableReason();

Deno.test({
  name: `create tells of no programs on a disk without modes${
    foreignReason === undefined ? "" : ` (skipped: ${foreignReason})`
  }`,
  ignore: foreignReason !== undefined,
  fn: async () => {
    await using disk = await mountForeignDisk();
    await using folder = await temporaryFolder();
    const shared = join(disk.path, "shared");
    await Deno.mkdir(shared);
    await Deno.writeTextFile(join(shared, "a"), "");
    assert(await modeAt(shared, "a") & 0o100, "the disk has modes");
    const output = join(folder.path, "o.torrent");
    const result = await runJob(create, [shared, URL, output]);
    assertEquals(
      result.stderr,
      "warning: a torrent does not carry executable bits, which the file system here gives to every file\n",
    );
    const text = await Deno.readTextFile(output);
    assert(!text.includes("4:attr"), text);
    assertEquals([await keepsModes(shared), await keepsModes(folder.path)], [
      ...[false, true],
    ]);
  },
});

Deno.test({
  name: "a folder of programs alone keeps their bits",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "run.sh");
    await Deno.writeTextFile(path, "", { mode: 0o755 });
    const output = join(folder.path, "o.torrent");
    const result = await runJob(create, [path, URL, output]);
    assertEquals([result.code, result.stderr], [0, ""]);
    assertStringIncludes(await Deno.readTextFile(output), "4:attr1:x");
  },
});

const KIB = 1024;

/** A program that lies in two pieces, an empty one, and a file that is none. */
function programTorrent(): ReturnType<typeof sampleTorrent> {
  const { torrent, content } = sampleTorrent(16 * KIB, [
    { path: ["t", "plain"], length: 8 * KIB },
    { path: ["t", "program"], length: 16 * KIB },
    { path: ["t", "empty"], length: 0 },
  ]);
  const files = torrent.files.map((file, index) => (
    { ...file, isExecutable: index > 0 }
  ));
  return { torrent: { ...torrent, files }, content };
}

/** The bits that a program has beside those of a file that is none. */
function withRunBits(plain: number): number {
  return plain | (plain & 0o444) >> 2;
}

Deno.test({
  name: "FileStorage makes programs that whoever may read them may run",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const { torrent, content } = programTorrent();
    await using storage = await openFileStorage(torrent, { dir: folder.path });
    await storePieces(storage, torrent, { content });
    const plain = await modeAt(folder.path, "t/plain");
    assertEquals(plain & 0o111, 0);
    for (const name of ["program", "empty"]) {
      assertEquals(await modeAt(folder.path, "t", name), withRunBits(plain));
    }
  },
});

Deno.test({
  name: "a program that has its name can be run while it is shared",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const { torrent, content } = programTorrent();
    const script = new TextEncoder().encode("#!/bin/sh\nexit 42\n");
    content.set(script, torrent.files[0]!.length);
    await using storage = await openFileStorage(torrent, { dir: folder.path });
    await storePieces(storage, torrent, { content });
    const path = join(folder.path, "t/program");
    const { code } = await new Deno.Command("sh", {
      args: ["-c", path],
      stderr: "inherit",
    }).output();
    assertEquals(code, 42);
  },
});

Deno.test({
  name: "TorrentContent makes complete files programs, and no others",
  ignore: isWindows,
  fn: async () => {
    await using folder = await temporaryFolder();
    const { path: dir } = folder;
    const { torrent, content } = programTorrent();
    const path = join(dir, "t/program");
    await Deno.mkdir(join(dir, "t"));
    await Deno.writeFile(join(dir, "t/plain"), content.subarray(0, 8 * KIB));
    // Its second piece is wrong.
    await Deno.writeFile(path, content.subarray(8 * KIB, 24 * KIB).with(-1, 0));
    await Deno.chmod(path, 0o640);
    await using opened = await openTorrentContent(torrent, { dir });
    const have = await opened.verify();
    assertEquals([...have.indexes()], [0]);
    assertEquals(await modeAt(path), 0o640);
    await opened.begin(have);
    await storePieces(opened.storage, torrent, { content, indexes: [1] });
    const { mtime } = await Deno.stat(path);
    await opened.storage.finishFiles();
    assertEquals(await modeAt(path), 0o750);
    assertEquals((await Deno.stat(path)).mtime, mtime);
  },
});
