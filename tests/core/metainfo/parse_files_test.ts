import { assertEquals } from "@std/assert";
import { type Encodable, encodeBencode } from "../../../lib/bencode/encode.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import { parseTorrent } from "../../../lib/metainfo/parse_torrent.ts";
import type { Platform } from "../../../lib/metainfo/safe_path.ts";
import type { Torrent } from "../../../lib/metainfo/torrent.ts";
import { latin1 } from "../bencode/bytes.ts";
import {
  assertRefused,
  FILE_INFO,
  FOLDER_INFO,
  parseInfo,
} from "./torrents.ts";

function parsePaths(
  paths: readonly (readonly string[])[],
  platform?: Platform,
): Promise<Torrent> {
  const files = paths.map((path) => ({ length: 0, path }));
  return parseInfo({ ...FOLDER_INFO, files, pieces: "" }, platform);
}

Deno.test("parseTorrent() puts a folder's files below the folder's name", async () => {
  const torrent = await parseInfo(FOLDER_INFO);
  assertEquals(torrent.isFolder, true);
  assertEquals(torrent.files, [
    { path: ["folder", "a", "b"], length: 39_999, isPadding: false },
    { path: ["folder", "c"], length: 1, isPadding: false },
  ]);
  assertEquals(torrent.isPrivate, false);
  assertEquals(torrent.announce, []);
  assertEquals(torrent.comment, undefined);
});

Deno.test("parseTorrent() reads empty files and a torrent without content", async () => {
  const file = await parseInfo({ ...FILE_INFO, length: 0, pieces: "" });
  assertEquals(file.geometry.pieceCount, 0);
  const folder = await parsePaths([["a"], ["b", "c"]]);
  assertEquals(folder.files.length, 2);
  assertEquals(folder.geometry.pieceCount, 0);
});

Deno.test("parseTorrent() counts padding in the pieces and lets its paths repeat", async () => {
  const torrent = await parseInfo({
    ...FOLDER_INFO,
    files: [
      { length: 30_000, path: ["a"] },
      { length: 2768, path: [".pad", "2768"], attr: "p" },
      { length: 4464, path: ["b"], attr: "x" },
      { length: 2768, path: [".pad", "2768"], attr: "p" },
    ],
  });
  assertEquals(torrent.geometry.length, 40_000);
  assertEquals(torrent.files.map(({ isPadding }) => isPadding), [
    false,
    true,
    false,
    true,
  ]);
});

Deno.test("parseTorrent() reads the letters of attr, and ignores unknown ones", async () => {
  const torrent = await parseInfo({
    ...FOLDER_INFO,
    files: [
      { length: 39_999, path: ["a"], attr: "xyz?h" },
      { length: 1, path: ["b"], attr: "" },
    ],
  });
  assertEquals(torrent.files, [
    {
      ...{ path: ["folder", "a"], length: 39_999, isPadding: false },
      ...{ isExecutable: true, isHidden: true },
    },
    { path: ["folder", "b"], length: 1, isPadding: false },
  ]);
  const single = await parseInfo({ ...FILE_INFO, attr: "px" });
  assertEquals(single.files, [{
    ...{ path: ["document.pdf"], length: 40_000, isPadding: false },
    isExecutable: true,
  }]);
});

Deno.test("parseTorrent() prefers names in UTF-8", async () => {
  const torrent = await parseInfo({
    ...FOLDER_INFO,
    name: latin1("m\xfcll"),
    "name.utf-8": "müll",
    files: [
      { length: 40_000, path: [latin1("\xfc")], "path.utf-8": ["ü"] },
    ],
  });
  assertEquals(torrent.files[0]!.path, ["müll", "ü"]);
});

Deno.test("parseTorrent() replaces malformed UTF-8 by U+FFFD", async () => {
  const bytes = encodeBencode({
    comment: latin1("\xff"),
    info: { ...FILE_INFO, name: latin1("m\xfcll") },
  });
  const torrent = await parseTorrent(bytes, { sha1 });
  assertEquals(torrent.name, "m\ufffdll");
  assertEquals(torrent.comment, "\ufffd");
});

Deno.test("parseTorrent() names the field of an invalid file in a folder", async () => {
  const good = { length: 1, path: ["a"] };
  const cases: [files: Encodable, field: string, reason: string][] = [
    [{}, "info.files", "is not a list"],
    [[], "info.files", "is empty"],
    [[good, "b"], "info.files[1]", "is not a dictionary"],
    [[good, { path: ["b"] }], "info.files[1].length", "is missing"],
    [[{ ...good, length: -1 }], "info.files[0].length", "below 0"],
    [[{ length: 1 }], "info.files[0].path", "is missing"],
    [[{ ...good, path: "a" }], "info.files[0].path", "is not a list"],
    [[{ ...good, path: [] }], "info.files[0].path", "is empty"],
    [[{ ...good, path: [1] }], "info.files[0].path[0]", "is not a string"],
    [[{ ...good, attr: "l" }], "info.files[0].length", "is 1 for a link"],
    [[{ ...good, attr: 1 }], "info.files[0].attr", "is not a string"],
    [
      [
        { length: Number.MAX_SAFE_INTEGER, path: ["a"] },
        { length: 1, path: ["b"] },
      ],
      "info.files[1].length",
      "makes the total exceed 2^53",
    ],
  ];
  for (const [files, field, reason] of cases) {
    await assertRefused(parseInfo({ ...FOLDER_INFO, files }), field, reason);
  }
});

Deno.test("parseTorrent() refuses sizes larger than 2^53", async () => {
  for (const size of ["9007199254740992", "99999999999999999999"]) {
    const bytes = latin1(
      `d4:infod6:lengthi${size}e4:name1:a12:piece lengthi1e6:pieces0:ee`,
    );
    const torrent = parseTorrent(bytes, { sha1 });
    await assertRefused(torrent, "info.length", "is larger than 2^53");
  }
});

Deno.test("parseTorrent() refuses names that are not a file name", async () => {
  for (const name of ["", ".", "..", "/etc", "a/b", "C:", "c:\\x", "a\0b"]) {
    await assertRefused(parseInfo({ ...FILE_INFO, name }), "info.name", "");
  }
});

Deno.test("parseTorrent() refuses paths that leave the folder", async () => {
  const paths = [
    ["..", "a"],
    ["a", "..", "..", "b"],
    ["."],
    [""],
    ["a", ""],
    ["/etc/passwd"],
    ["a/b"],
    ["C:", "a"],
    ["..\\..\\a"],
    ["\\\\server\\share"],
    ["a\0"],
    new Array(65).fill("a"),
  ];
  for (const path of paths) {
    await assertRefused(parsePaths([["x"], path]), "info.files[1].path", "");
  }
});

Deno.test("parseTorrent() refuses paths that collide", async () => {
  const cases: [paths: string[][], reason: string][] = [
    [[["a"], ["b"], ["a"]], "is the path of another file"],
    [[["x"], ["a"], ["a", "b"]], "is inside another file"],
    [[["x"], ["a", "b"], ["a"]], "is the folder of another file"],
    [[["x"], ["a", "b", "c"], ["a", "b"]], "is the folder of another file"],
  ];
  for (const [paths, reason] of cases) {
    await assertRefused(parsePaths(paths), "info.files[2].path", reason);
  }
});

Deno.test("parseTorrent() is case-sensitive where the platform is", async () => {
  const paths = [["Read me"], ["READ ME"]];
  assertEquals((await parsePaths(paths, "linux")).files.length, 2);
  for (const platform of ["darwin", "windows"] as const) {
    const torrent = parsePaths(paths, platform);
    await assertRefused(torrent, "info.files[1].path", "which ignores case");
  }
});
