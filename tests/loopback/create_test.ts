import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { versionLine } from "../../cli/flags.ts";
import {
  createTorrent,
  loadTorrentFile,
  sha1,
  StorageError,
} from "../../mod.ts";
import { create } from "../../cli/create.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { runJob } from "./run_job.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const URL_A = "http://127.0.0.1:8000/announce";
const URL_B = "http://127.0.0.1:8001/announce";
const PIECE_LENGTH = 16_384;

/** Bytes that differ from piece to piece. */
function makeContent(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => index * 31 + (index >> 8));
}

function hashesOf(
  content: Uint8Array,
  pieceLength: number,
): number[] {
  const hashes: number[] = [];
  for (let offset = 0; offset < content.length; offset += pieceLength) {
    hashes.push(...sha1(content.slice(offset, offset + pieceLength)));
  }
  return hashes;
}

Deno.test("create writes a torrent of a file and describes it", async () => {
  await using folder = await temporaryFolder();
  const content = makeContent(600_000);
  await Deno.writeFile(join(folder.path, "document.pdf"), content);
  const result = await runTask(
    "create",
    ["document.pdf", URL_A, "document.torrent"],
    { cwd: folder.path },
  );
  assertEquals(result.stderr, "");
  assertEquals(result.code, 0);
  const path = join(folder.path, "document.torrent");
  const torrent = await loadTorrentFile(path);
  const length = (await Deno.stat(path)).size;
  assertEquals(result.stdout.split("\n"), [
    `Hashing:   1 file, 586 KiB: 3 pieces of 256 KiB, a torrent file of ${length} B`,
    "Name:      document.pdf",
    "Size:      586 KiB (600000 bytes)",
    "Pieces:    3 of 256 KiB",
    `Info hash: ${torrent.infoHash}`,
    `Magnet:    magnet:?xt=urn:btih:${torrent.infoHash}&dn=document.pdf` +
    `&tr=${encodeURIComponent(URL_A)}`,
    "Written:   document.torrent",
    "Next:      deno task peer document.torrent",
    "Elsewhere: copy document.torrent there, then: deno task peer document.torrent",
    "           or, with document.torrent in the folder of tracker --torrents:",
    "           deno task peer http://127.0.0.1:8000/torrents/document.torrent",
    "",
  ]);
  assertEquals(torrent.announce, [[URL_A]]);
  assertEquals([...torrent.pieceHashes], hashesOf(content, 262_144));
  assertEquals(await listing(folder.path), [
    "document.pdf",
    "document.torrent",
  ]);
});

Deno.test("create takes its options and names the torrent file after --name", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(join(folder.path, "a.bin"), makeContent(100_000));
  const result = await runTask("create", [
    ...["a.bin", URL_A, URL_B, "--piece-length", "16KiB", "--private"],
    ...["--comment", "a remark", "--name", "b ü.bin"],
  ], { cwd: folder.path });
  assertEquals(result.code, 0, result.stderr);
  const torrent = await loadTorrentFile(join(folder.path, "b ü.bin.torrent"));
  assertEquals(torrent.name, "b ü.bin");
  assertEquals(torrent.announce, [[URL_A], [URL_B]]);
  assertEquals(torrent.geometry.pieceLength, PIECE_LENGTH);
  assertEquals(torrent.isPrivate, true);
  // No client sends the metadata of a private torrent.
  assertEquals(result.stdout.includes("magnet:"), false);
  assertEquals(torrent.comment, "a remark");
  assertStringIncludes(result.stdout, "then deno task peer 'b ü.bin.torrent'");
});

Deno.test("create shares everything in a folder in a fixed order, but not its own output", async () => {
  await using folder = await temporaryFolder();
  const files: [path: string, length: number][] = [
    [".hidden", 1],
    ["B", 20_000],
    ["a/z", 16_384],
    ["a-b", 3],
    ["empty", 0],
    ["日本語/🎬.mkv", 50_000],
  ];
  await Deno.mkdir(join(folder.path, "shared/a"), { recursive: true });
  await Deno.mkdir(join(folder.path, "shared/日本語"));
  await Deno.mkdir(join(folder.path, "shared/no files"));
  for (const [path, length] of files.toReversed()) {
    const content = makeContent(length);
    await Deno.writeFile(join(folder.path, "shared", path), content);
  }
  const cwd = join(folder.path, "shared");
  const args = [".", URL_A, "out.torrent", "--piece-length", "16KiB"];
  for (const force of [[], ["--force"]]) {
    const result = await runTask("create", [...args, ...force], { cwd });
    assertEquals(result.code, 0, result.stderr);
    const torrent = await loadTorrentFile(join(cwd, "out.torrent"));
    assertEquals(
      torrent.files.map((file) => [file.path.slice(1).join("/"), file.length]),
      // Sorted by components, so that "a" and its files precede "a-b".
      files,
    );
    assertEquals(torrent.name, "shared");
    const whole = files.flatMap(([, length]) => [...makeContent(length)]);
    assertEquals(
      [...torrent.pieceHashes],
      hashesOf(Uint8Array.from(whole), PIECE_LENGTH),
    );
  }
});

Deno.test("create makes a torrent of empty files", async () => {
  await using folder = await temporaryFolder();
  await Deno.mkdir(join(folder.path, "shared"));
  await Deno.writeTextFile(join(folder.path, "shared/a"), "");
  const args = ["shared", URL_A];
  const result = await runTask("create", args, { cwd: folder.path });
  assertEquals(result.code, 0, result.stderr);
  const torrent = await loadTorrentFile(join(folder.path, "shared.torrent"));
  assertEquals(torrent.geometry.pieceCount, 0);
});

Deno.test("create replaces a file only with --force", async () => {
  await using folder = await temporaryFolder();
  const output = join(folder.path, "a.torrent");
  await Deno.writeTextFile(join(folder.path, "a"), "content");
  await Deno.writeTextFile(output, "precious");
  const options = { cwd: folder.path };
  const refused = await runTask("create", ["a", URL_A], options);
  assertEquals(refused.code, 1);
  assertEquals(
    refused.stderr,
    "error: cannot write a.torrent: it exists already; choose another name or replace it with --force\n",
  );
  assertEquals(await Deno.readTextFile(output), "precious");
  const forced = await runTask("create", ["a", URL_A, "--force"], options);
  assertEquals(forced.code, 0, forced.stderr);
  assertEquals((await loadTorrentFile(output)).name, "a");
});

Deno.test("create reports a failure in one line and leaves nothing behind", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "a"), "content");
  await Deno.mkdir(join(folder.path, "hollow"));
  const at = (name: string): string => join(folder.path, name);
  const cases: [args: string[], code: number, message: string][] = [
    [[], 2, "no PATH is given; see --help"],
    [
      [at("a"), "a.torrent"],
      2,
      "no ANNOUNCE_URL is given: the tracker prints it when it starts",
    ],
    [[at("a"), URL_A, "--colour"], 2, "unknown flag --colour; see --help"],
    [
      [at("a"), URL_A, at("a")],
      2,
      "OUTPUT is the file to share; give another OUTPUT; see --help",
    ],
    [[at("b"), URL_A], 1, "b: it does not exist; check the path"],
    [[at("hollow"), URL_A], 1, "the folder holds no files"],
    [[at("a"), URL_A, at("no/a.torrent")], 1, "no/a.torrent: its folder"],
    [[at("a"), "192.168.1.100:8000/announce"], 2, "write http://192.168.1.100"],
    [[at("a"), URL_A, "--name", ".."], 1, "give another with --name"],
  ];
  for (const [args, code, message] of cases) {
    const result = await runJob(create, args);
    assertStringIncludes(result.stderr, message);
    assertEquals(result.stderr.match(/^error: .*\n$/)?.length, 1);
    assertEquals(result.stdout, "");
    assertEquals(result.code, code);
  }
  assertEquals(await listing(folder.path), ["a"]);
});

Deno.test("create warns of announce URLs that are unlike a tracker's, and continues", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "a"), "content");
  const [http, udp] = [
    "http://127.0.0.1:8000",
    "udp://127.0.0.1:6969/announce",
  ];
  const args = ["a", http, udp];
  const { code, stderr } = await runTask("create", args, { cwd: folder.path });
  assertEquals(code, 0);
  assertMatch(stderr, /^warning: http:[^\n]+ \/announce[^\n]+\n$/);
  const { announce } = await loadTorrentFile(join(folder.path, "a.torrent"));
  // As it is requested.
  assertEquals(announce, [[`${http}/`], [udp]]);
});

Deno.test("create prints the stack only with --debug", async () => {
  await using folder = await temporaryFolder();
  const args = ["b", URL_A, "--debug"];
  const result = await runTask("create", args, { cwd: folder.path });
  assertStringIncludes(result.stderr, "    at ");
  assertStringIncludes(result.stderr, "Caused by: NotFound");
});

Deno.test("create answers --help and --version", async () => {
  const help = await runTask("create", ["--help"]);
  assertStringIncludes(
    help.stdout,
    "Usage: deno task create PATH ANNOUNCE_URL",
  );
  assertEquals([help.code, help.stderr], [0, ""]);
  const version = await runTask("create", ["--version"]);
  assertEquals(version.stdout, `${versionLine()}\n`);
});

Deno.test("create fails if another program writes to the file that it reads", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "growing.log");
  using file = await Deno.open(path, { append: true, create: true });
  // A sparse file takes some hundred milliseconds to read and hash.
  await file.truncate(2 ** 30);
  await using program = spawnTask("create", [path, URL_A], {
    cwd: folder.path,
  });
  let isRunning = true;
  const ended = program.ended().finally(() => isRunning = false);
  while (isRunning) {
    await file.write(new Uint8Array(1));
    await delay(1);
  }
  const { code, stderr } = await ended;
  assertEquals(
    stderr,
    `error: cannot create torrent: ${path} was changed while it was read; wait until nothing changes it and run again\n`,
  );
  assertEquals(code, 1);
  assertEquals(await listing(folder.path), ["growing.log"]);
});

/** Replaces a file with another of the same length and time. */
function replaceUnnoticed(path: string): void {
  const { size, atime, mtime } = Deno.statSync(path);
  Deno.writeFileSync(`${path}.new`, new Uint8Array(size).fill(1));
  Deno.utimeSync(`${path}.new`, atime!, mtime!);
  Deno.renameSync(`${path}.new`, path);
}

Deno.test("createTorrent() fails if anything changes in the folder while it is read", async () => {
  const cases: [change: (folder: string) => void, message: string][] = [
    [(folder) => Deno.truncateSync(`${folder}/b`, 9), "it ends after 9 bytes"],
    [(folder) => Deno.removeSync(`${folder}/b`), "does not exist"],
    [(folder) => Deno.removeSync(`${folder}/a`), "does not exist"],
    [(folder) => Deno.writeTextFileSync(`${folder}/c`, ""), "c was added"],
    [(folder) => Deno.truncateSync(`${folder}/a`, 2 ** 25), "a was changed"],
    [(folder) => Deno.utimeSync(`${folder}/a`, 1, 1), "a was changed"],
    [(folder) => replaceUnnoticed(`${folder}/a`), "a was changed"],
  ];
  for (const [change, message] of cases) {
    await using folder = await temporaryFolder();
    // So long that its end is not read yet when its first piece is hashed.
    await Deno.writeFile(join(folder.path, "a"), new Uint8Array(2 ** 24));
    await Deno.writeFile(join(folder.path, "b"), new Uint8Array(10));
    let isChanged = false;
    const work = createTorrent(folder.path, {
      announce: [URL_A],
      onProgress: () => {
        if (!isChanged) change(folder.path);
        isChanged = true;
      },
    });
    await assertRejects(() => work, StorageError, message);
  }
});

Deno.test("create leaves nothing behind when it is interrupted", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "large");
  await Deno.writeTextFile(path, "");
  // A sparse file takes long to read, and no space on the disk.
  await Deno.truncate(path, 64 * 1024 ** 3);
  // A warning about the URL comes first, once the program listens for signals.
  await using program = spawnTask("create", ["large", "http://127.0.0.1/a"], {
    cwd: folder.path,
  });
  await program.stderr.waitFor(/^warning: /);
  const result = await program.stop("SIGINT");
  assertStringIncludes(
    result.stderr,
    "error: cannot finish: interrupted; run again\n",
  );
  assertEquals(result.code, 4);
  assertEquals(await listing(folder.path), ["large"]);
});
