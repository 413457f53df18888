import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { type Encodable, encodeBencode } from "../../../lib/bencode/encode.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import { MetainfoError } from "../../../lib/metainfo/metainfo_error.ts";
import {
  MAX_PIECE_LENGTH,
  parseTorrent,
} from "../../../lib/metainfo/parse_torrent.ts";
import type { Platform } from "../../../lib/metainfo/safe_path.ts";
import type { Torrent } from "../../../lib/metainfo/torrent.ts";
import { latin1 } from "../bencode/bytes.ts";

type Dictionary = { readonly [key: string]: Encodable | undefined };

/** One file of 40,000 bytes: two pieces of 32 KiB. */
const FILE_INFO: Dictionary = {
  name: "document.pdf",
  length: 40_000,
  "piece length": 32_768,
  pieces: new Uint8Array(40).fill(7),
};

/** A folder of two files, 40,000 bytes together. */
const FOLDER_INFO: Dictionary = {
  name: "folder",
  files: [
    { length: 39_999, path: ["a", "b"] },
    { length: 1, path: ["c"] },
  ],
  "piece length": 32_768,
  pieces: new Uint8Array(40).fill(7),
};

function parseInfo(info: Dictionary, platform?: Platform): Promise<Torrent> {
  return parseTorrent(encodeBencode({ info }), { sha1, platform });
}

function parsePaths(
  paths: readonly (readonly string[])[],
  platform?: Platform,
): Promise<Torrent> {
  const files = paths.map((path) => ({ length: 0, path }));
  return parseInfo({ ...FOLDER_INFO, files, pieces: "" }, platform);
}

async function assertRefused(
  torrent: Promise<Torrent>,
  field: string,
  reason: string,
): Promise<void> {
  const error = await assertRejects(() => torrent, MetainfoError, reason);
  assertEquals(error.field, field);
  assertEquals(error.message, `Cannot read torrent: ${field}: ${error.reason}`);
  assertMatch(error.message, /^.*$/);
}

Deno.test("parseTorrent() reads a single file", async () => {
  const torrent = await parseTorrent(
    encodeBencode({
      announce: "http://tracker/announce",
      comment: "a remark",
      "created by": "someone",
      "creation date": 1_700_000_000,
      info: { ...FILE_INFO, private: 1 },
    }),
    { sha1 },
  );
  assertEquals(torrent.name, "document.pdf");
  assertEquals(torrent.isFolder, false);
  assertEquals(torrent.files, [
    { path: ["document.pdf"], length: 40_000, isPadding: false },
  ]);
  assertEquals(torrent.geometry.length, 40_000);
  assertEquals(torrent.geometry.pieceLength, 32_768);
  assertEquals(torrent.geometry.pieceCount, 2);
  assertEquals(torrent.pieceHashes, new Uint8Array(40).fill(7));
  assertEquals(torrent.isPrivate, true);
  assertEquals(torrent.announce, [["http://tracker/announce"]]);
  assertEquals(torrent.comment, "a remark");
  assertEquals(torrent.createdBy, "someone");
  assertEquals(torrent.creationDate, 1_700_000_000);
});

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

Deno.test("parseTorrent() hashes the raw bytes of info, odd order and unknown keys included", async () => {
  // A re-encode would put the keys in order and hash to something else.
  const info = latin1(
    "d4:name1:a6:lengthi0e12:piece lengthi1e6:pieces0:1:z1:\xffe",
  );
  const bytes = latin1(`d4:info${String.fromCharCode(...info)}e`);
  const torrent = await parseTorrent(bytes, { sha1 });
  assertEquals(
    torrent.infoHash as string,
    encodeHex(await sha1(info)),
  );
});

Deno.test("parseTorrent() takes announce-list above announce", async () => {
  const bytes = encodeBencode({
    announce: "http://first/announce",
    "announce-list": [
      ["http://a/announce", "http://b/announce"],
      [],
      [""],
      ["udp://c:80"],
    ],
    info: FILE_INFO,
  });
  const { announce } = await parseTorrent(bytes, { sha1 });
  assertEquals(announce, [
    ["http://a/announce", "http://b/announce"],
    ["udp://c:80"],
  ]);
});

Deno.test("parseTorrent() takes announce where announce-list is empty", async () => {
  const bytes = encodeBencode({
    announce: "http://first/announce",
    "announce-list": [[]],
    info: FILE_INFO,
  });
  const { announce } = await parseTorrent(bytes, { sha1 });
  assertEquals(announce, [["http://first/announce"]]);
});

Deno.test("parseTorrent() reads empty files and a torrent of no bytes", async () => {
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

Deno.test("parseTorrent() prefers the names that are in UTF-8", async () => {
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

Deno.test("parseTorrent() shows what is not UTF-8 as U+FFFD", async () => {
  const bytes = encodeBencode({
    comment: latin1("\xff"),
    info: { ...FILE_INFO, name: latin1("m\xfcll") },
  });
  const torrent = await parseTorrent(bytes, { sha1 });
  assertEquals(torrent.name, "m\ufffdll");
  assertEquals(torrent.comment, "\ufffd");
});

Deno.test("parseTorrent() uses the first version's half of a hybrid", async () => {
  const torrent = await parseInfo({
    ...FILE_INFO,
    "meta version": 2,
    "file tree": {},
  });
  assertEquals(torrent.geometry.pieceCount, 2);
});

Deno.test("parseTorrent() refuses a torrent of version 2 alone", async () => {
  const info = {
    name: "a",
    "piece length": 16_384,
    "meta version": 2,
    "file tree": {},
  };
  await assertRefused(parseInfo(info), "info.meta version", "version 2");
});

Deno.test("parseTorrent() says where a file is not bencode", async () => {
  const whole = encodeBencode({ info: FILE_INFO });
  const cases: [bytes: Uint8Array, reason: string][] = [
    [latin1(""), "not bencode"],
    [latin1("<html>"), "not bencode: no value at byte 0"],
    [whole.subarray(0, 50), "not bencode"],
    [
      Uint8Array.of(...whole, 10),
      `bytes follow the value at byte ${whole.length}`,
    ],
    [new Uint8Array(1_000_000).fill(0x6c), "nesting deeper than 64"],
    [latin1("le"), "is not a dictionary"],
    [latin1("i1e"), "is not a dictionary"],
  ];
  for (const [bytes, reason] of cases) {
    await assertRefused(parseTorrent(bytes, { sha1 }), "torrent", reason);
  }
});

Deno.test("parseTorrent() names the field of a wrong or missing value", async () => {
  const cases: [info: Dictionary, field: string, reason: string][] = [
    [{ name: undefined }, "info.name", "is missing"],
    [{ name: 7 }, "info.name", "is not a string"],
    [{ length: undefined }, "info.length", "is missing"],
    [{ length: "5" }, "info.length", "is not an integer"],
    [{ length: -1 }, "info.length", "is -1, below 0"],
    [{ length: 1, files: [] }, "info.length", "stands beside files"],
    [{ "piece length": undefined }, "info.piece length", "is missing"],
    [{ "piece length": 0 }, "info.piece length", "is 0, below 1"],
    [{ "piece length": -16_384 }, "info.piece length", "below 1"],
    [
      { "piece length": MAX_PIECE_LENGTH + 1 },
      "info.piece length",
      "above 268435456",
    ],
    [{ pieces: undefined }, "info.pieces", "is missing"],
    [{ pieces: [] }, "info.pieces", "is not a string"],
    [{ pieces: "x".repeat(39) }, "info.pieces", "39 bytes, not a multiple"],
    [{ pieces: "x".repeat(60) }, "info.pieces", "holds 3 hashes"],
    [{ pieces: "" }, "info.pieces", "holds 0 hashes"],
    [{ private: "1" }, "info.private", "is not an integer"],
  ];
  for (const [change, field, reason] of cases) {
    await assertRefused(parseInfo({ ...FILE_INFO, ...change }), field, reason);
  }
});

Deno.test("parseTorrent() names the field of a wrong file of a folder", async () => {
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
    [[{ ...good, attr: "l" }], "info.files[0].attr", "symlinks"],
    [[{ ...good, attr: 1 }], "info.files[0].attr", "is not a string"],
    [
      [
        { length: Number.MAX_SAFE_INTEGER, path: ["a"] },
        { length: 1, path: ["b"] },
      ],
      "info.files[1].length",
      "adds up past 2^53",
    ],
  ];
  for (const [files, field, reason] of cases) {
    await assertRefused(parseInfo({ ...FOLDER_INFO, files }), field, reason);
  }
});

Deno.test("parseTorrent() names the field of a wrong value beside info", async () => {
  const cases: [top: Dictionary, field: string, reason: string][] = [
    [{ info: undefined }, "info", "is missing"],
    [{ info: "x" }, "info", "is not a dictionary"],
    [{ announce: 1 }, "announce", "is not a string"],
    [{ "announce-list": "x" }, "announce-list", "is not a list"],
    [{ "announce-list": ["x"] }, "announce-list[0]", "is not a list"],
    [{ "announce-list": [[1]] }, "announce-list[0][0]", "is not a string"],
    [{ comment: [] }, "comment", "is not a string"],
    [{ "created by": 1 }, "created by", "is not a string"],
    [{ "creation date": "now" }, "creation date", "is not an integer"],
  ];
  for (const [change, field, reason] of cases) {
    const bytes = encodeBencode({ info: FILE_INFO, ...change });
    await assertRefused(parseTorrent(bytes, { sha1 }), field, reason);
  }
});

Deno.test("parseTorrent() refuses sizes past 2^53", async () => {
  for (const size of ["9007199254740992", "99999999999999999999"]) {
    const bytes = latin1(
      `d4:infod6:lengthi${size}e4:name1:a12:piece lengthi1e6:pieces0:ee`,
    );
    const torrent = parseTorrent(bytes, { sha1 });
    await assertRefused(torrent, "info.length", "is past 2^53");
  }
});

Deno.test("parseTorrent() refuses names that are not a file's name", async () => {
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

Deno.test("parseTorrent() refuses files that meet in one place", async () => {
  const cases: [paths: string[][], reason: string][] = [
    [[["a"], ["b"], ["a"]], "is the path of another file"],
    [[["x"], ["a"], ["a", "b"]], "lies in another file"],
    [[["x"], ["a", "b"], ["a"]], "is the folder of another file"],
    [[["x"], ["a", "b", "c"], ["a", "b"]], "is the folder of another file"],
  ];
  for (const [paths, reason] of cases) {
    await assertRefused(parsePaths(paths), "info.files[2].path", reason);
  }
});

Deno.test("parseTorrent() tells cases apart where the platform does", async () => {
  const paths = [["Read me"], ["READ ME"]];
  assertEquals((await parsePaths(paths, "linux")).files.length, 2);
  for (const platform of ["darwin", "windows"] as const) {
    const torrent = parsePaths(paths, platform);
    await assertRefused(torrent, "info.files[1].path", "another file");
  }
});

Deno.test("parseTorrent() ignores what objects inherit", async () => {
  // No own key, but every object has a "constructor".
  const bytes = latin1("d11:constructor4:infoe");
  await assertRefused(parseTorrent(bytes, { sha1 }), "info", "is missing");
});
