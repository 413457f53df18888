import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import {
  buildTorrent,
  type NewTorrent,
  parseTorrent,
  sha1,
} from "../../mod.ts";
import { show } from "../../cli/show.ts";
import { runTask } from "../../scripts/programs/tasks.ts";
import { runJob } from "./run_job.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const FOLDER: NewTorrent = {
  name: "folder",
  content: {
    type: "folder",
    files: [{ path: ["a", "ü"], length: 1024 }, { path: ["c"], length: 0 }],
  },
  pieceLength: 16_384,
  pieceHashes: new Uint8Array(20),
  announce: ["http://a/announce", "http://b/announce"],
  isPrivate: true,
  comment: "a remark",
};

Deno.test("show prints the fields of a torrent file", async () => {
  await using folder = await temporaryFolder();
  const bytes = buildTorrent(FOLDER);
  await Deno.writeFile(join(folder.path, "a.torrent"), bytes);
  const options = { cwd: folder.path };
  const { code, stdout, stderr } = await runTask(
    "show",
    ["a.torrent"],
    options,
  );
  const { infoHash } = await parseTorrent(bytes, { sha1 });
  assertEquals([code, stderr], [0, ""]);
  const lines = [
    "Name:         folder",
    "Size:         1 KiB (1024 bytes)",
    "Piece length: 16 KiB (16384 bytes)",
    "Pieces:       1",
    `Info hash:    ${infoHash}`,
    "Private:      yes",
    "Comment:      a remark",
    "Created by:   lanswarm/0.1.0",
    "  a/ü (1 KiB)",
  ];
  for (const line of lines) assertStringIncludes(stdout, `${line}\n`);
});

Deno.test("show --json prints one object on one line", async () => {
  await using folder = await temporaryFolder();
  const bytes = buildTorrent(FOLDER);
  await Deno.writeFile(join(folder.path, "a.torrent"), bytes);
  const args = ["--json", "a.torrent"];
  const result = await runTask("show", args, { cwd: folder.path });
  const { infoHash } = await parseTorrent(bytes, { sha1 });
  assertEquals(result.code, 0, result.stderr);
  assertEquals(result.stdout.split("\n").length, 2);
  assertEquals(JSON.parse(result.stdout), {
    name: "folder",
    infoHash,
    length: 1024,
    pieceLength: 16_384,
    pieceCount: 1,
    private: true,
    announce: [["http://a/announce"], ["http://b/announce"]],
    files: [{ path: ["a", "ü"], length: 1024 }, { path: ["c"], length: 0 }],
  });
});

Deno.test("show escapes control characters of a hostile torrent", async () => {
  await using folder = await temporaryFolder();
  const escape = "\x1b]0;owned\x07\n\u202e";
  const bytes = buildTorrent({
    ...FOLDER,
    name: `a${escape}`,
    comment: escape,
  });
  const path = join(folder.path, "a.torrent");
  await Deno.writeFile(path, bytes);
  for (const args of [[path], [path, "--json"]]) {
    const { code, stdout } = await runTask("show", args);
    assertEquals(code, 0);
    assertEquals(
      /[\p{Cc}\p{Bidi_Control}]/u.test(stdout.replaceAll("\n", "")),
      false,
    );
  }
});

Deno.test("show exits with 3 and one line that names the invalid field", async () => {
  await using folder = await temporaryFolder();
  const good = new TextDecoder("latin1").decode(buildTorrent(FOLDER));
  const whole = " as a torrent file: it ";
  const cases: [text: string, line: string][] = [
    ["<html>", `${whole}does not begin with "d"`],
    [good.slice(0, 99), `${whole}is not bencode: `],
    [`${good}\n`, `${whole}is not bencode: bytes follow the value`],
    [
      `d1:a${"l".repeat(999)}`,
      `${whole}is not bencode: nesting deeper than 64`,
    ],
    [good.replace("i16384e", "i0e"), ": info.piece length: is 0, below 1"],
    [
      good.replace("i1024e", "i99999e"),
      ": info.pieces: holds 1 hashes, but the content has",
    ],
    [good.replace("l1:c", "l2:.."), ': info.files[1].path: ".." contains ".."'],
    [
      good.replace("i1024e", "i9007199254740992e"),
      ": info.files[0].length: is larger than",
    ],
  ];
  const path = join(folder.path, "bad.torrent");
  for (const [text, line] of cases) {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    await Deno.writeFile(path, bytes);
    const { code, stdout, stderr } = await runJob(show, [path]);
    assertStringIncludes(stderr, `error: cannot read ${path}${line}`);
    assertEquals(stderr.split("\n").length, 2);
    assertEquals([code, stdout], [3, ""]);
  }
});

Deno.test("show exits with 3 for a file that is too long for a torrent file", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "film.mkv");
  await Deno.writeTextFile(path, "d");
  await Deno.truncate(path, 8 * 1024 ** 3);
  const { code, stderr } = await runTask("show", [path]);
  assertStringIncludes(
    stderr,
    "as a torrent file: it is longer than 33554432 bytes; to share the file: ",
  );
  assertEquals(code, 3);
});

Deno.test("show exits with 1 for an unreadable file, and with 2 for a wrong command line", async () => {
  await using folder = await temporaryFolder();
  const missing = await runTask("show", ["a.torrent"], { cwd: folder.path });
  assertEquals(
    missing.stderr,
    "error: cannot read a.torrent: it does not exist; check the path\n",
  );
  assertEquals(missing.code, 1);
  const onFolder = await runTask("show", ["."], { cwd: folder.path });
  assertEquals(
    onFolder.stderr,
    "error: cannot read . as a torrent file: it is a folder; to share the folder: " +
      "deno task share .\n",
  );
  assertEquals(onFolder.code, 1);
  for (const args of [[], ["a", "b"], ["--xml", "a"]]) {
    assertEquals((await runJob(show, args)).code, 2);
  }
});
