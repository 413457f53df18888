import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { infoHashFromBytes } from "../../../lib/base/identifier.ts";
import { encodeBencode } from "../../../lib/bencode/encode.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import { MAX_PIECE_LENGTH } from "../../../lib/metainfo/geometry.ts";
import { parseTorrent } from "../../../lib/metainfo/parse_torrent.ts";
import { MAX_HINTS } from "../../../lib/metainfo/torrent.ts";
import { latin1 } from "../bencode/bytes.ts";
import {
  assertRefused,
  type Dictionary,
  FILE_INFO,
  parseInfo,
} from "./torrents.ts";

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
  assertEquals(torrent.pieceHashes.buffer, torrent.info.buffer);
  assertEquals(torrent.isPrivate, true);
  assertEquals(torrent.announce, [["http://tracker/announce"]]);
  assertEquals(torrent.comment, "a remark");
  assertEquals(torrent.createdBy, "someone");
  assertEquals(torrent.creationDate, 1_700_000_000);
});

Deno.test("parseTorrent() hashes the raw bytes of info, unsorted and unknown keys included", async () => {
  // Encoding again would sort the keys and change the hash.
  const info = latin1(
    "d4:name1:a6:lengthi0e12:piece lengthi1e6:pieces0:1:z1:\xffe",
  );
  const bytes = latin1(`d4:info${String.fromCharCode(...info)}e`);
  const torrent = await parseTorrent(bytes, { sha1 });
  assertEquals(
    torrent.infoHash as string,
    encodeHex(sha1(info)),
  );
  assertEquals(torrent.info, info);
});

Deno.test("parseTorrent() takes keys of any spelling that mean nothing to it", async () => {
  const odd = [
    "9:__proto__d6:lengthi1ee",
    "11:constructor0:",
    "1:\xffi1e2:ffi2e",
    "7:\xef\xbb\xbfname3:abc",
    "9:\xef\xbb\xbflengthi5e",
    "0:le",
  ].join("");
  const file = "6:lengthi3e4:pathl1:aee";
  const info =
    `d${odd}5:filesld${odd}${file}e4:name1:n12:piece lengthi16384e6:pieces20:${
      "h".repeat(20)
    }e`;
  const torrent = await parseTorrent(
    latin1(`d${odd}7:\xef\xbb\xbfinfo1:x4:info${info}8:announce8:http://ae`),
    { sha1 },
  );
  assertEquals(torrent.infoHash as string, encodeHex(sha1(latin1(info))));
  assertEquals(torrent.name, "n");
  assertEquals(torrent.files, [
    { path: ["n", "a"], length: 3, isPadding: false },
  ]);
});

Deno.test("parseTorrent() prefers announce-list to announce", async () => {
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

Deno.test("parseTorrent() gives the URLs of trackers as they are requested", async () => {
  const cases: [stored: string, requested: string][] = [
    ["http://a:8000/announce ", "http://a:8000/announce"],
    ["\ufeffhttp://a:8000/announce\r\n", "http://a:8000/announce"],
    ["http://a/announce?key=1#top", "http://a/announce?key=1"],
    ["udp://a:6969#x\u200b", "udp://a:6969"],
    ["HTTP://A:80/ann\u200bounce", "http://a/ann%E2%80%8Bounce"],
    ["not a URL ", "not a URL"],
  ];
  for (const [stored, requested] of cases) {
    for (
      const fields of [
        { announce: stored },
        { "announce-list": [[stored, " \t"], ["\n"]] },
      ]
    ) {
      const bytes = encodeBencode({ ...fields, info: FILE_INFO });
      const { announce } = await parseTorrent(bytes, { sha1 });
      assertEquals(announce, [[requested]]);
    }
  }
});

Deno.test("parseTorrent() uses announce if announce-list is empty", async () => {
  const bytes = encodeBencode({
    announce: "http://first/announce",
    "announce-list": [[]],
    info: FILE_INFO,
  });
  const { announce } = await parseTorrent(bytes, { sha1 });
  assertEquals(announce, [["http://first/announce"]]);
});

Deno.test("parseTorrent() uses the version 1 half of a hybrid", async () => {
  const torrent = await parseInfo({
    ...FILE_INFO,
    "meta version": 2,
    "file tree": {},
  });
  assertEquals(torrent.geometry.pieceCount, 2);
});

Deno.test("parseTorrent() refuses a torrent of version 2 only", async () => {
  const info = {
    name: "a",
    "piece length": 16_384,
    "meta version": 2,
    "file tree": {},
  };
  await assertRefused(parseInfo(info), "info.meta version", "version 2");
});

Deno.test("parseTorrent() reports the offset of malformed bencode", async () => {
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

Deno.test("parseTorrent() names the field of an invalid or missing value", async () => {
  const cases: [info: Dictionary, field: string, reason: string][] = [
    [{ name: undefined }, "info.name", "is missing"],
    [{ name: 7 }, "info.name", "is not a string"],
    [{ length: undefined }, "info.length", "is missing"],
    [{ length: "5" }, "info.length", "is not an integer"],
    [{ length: -1 }, "info.length", "is -1, below 0"],
    [{ length: 1, files: [] }, "info.length", "is present beside files"],
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

Deno.test("parseTorrent() names the field of an invalid value outside info", async () => {
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

Deno.test("parseTorrent() ignores inherited properties", async () => {
  // Every object inherits "constructor".
  const bytes = latin1("d11:constructor4:infoe");
  await assertRefused(parseTorrent(bytes, { sha1 }), "info", "is missing");
});

Deno.test("parseTorrent() merges similar torrents and collections of both dictionaries", async () => {
  const [a, b, c] = [1, 2, 3].map((byte) => new Uint8Array(20).fill(byte));
  const torrent = await parseTorrent(
    encodeBencode({
      ...{ similar: [a!, c!], collections: ["x", "y"] },
      info: { ...FILE_INFO, similar: [b!, a!], collections: ["y", "z"] },
    }),
    { sha1 },
  );
  assertEquals(torrent.similar, [b!, a!, c!].map(infoHashFromBytes));
  assertEquals(torrent.collections, ["y", "z", "x"]);
});

Deno.test("parseTorrent() ignores malformed similar torrents and collections", async () => {
  const hash = new Uint8Array(20).fill(7);
  const values = [0, "", "text", hash, {}, [], [[hash]], [{}], [1, ["c"]]];
  for (const value of values) {
    const hints = { similar: value, collections: value };
    const both = encodeBencode({ ...hints, info: { ...FILE_INFO, ...hints } });
    const torrent = await parseTorrent(both, { sha1 });
    assertEquals([torrent.similar, torrent.collections], [[], []]);
  }
  const mixed = {
    similar: [1, hash.subarray(1), hash, new Uint8Array(21), new Uint8Array(0)],
    collections: [[], "", "a", "b".repeat(255), "c".repeat(256)],
  };
  const torrent = await parseInfo({ ...FILE_INFO, ...mixed });
  assertEquals(torrent.similar, [infoHashFromBytes(hash)]);
  assertEquals(torrent.collections, ["a", "b".repeat(255)]);
});

Deno.test("parseTorrent() reads a thousand of many similar torrents and collections", async () => {
  const names = Array.from({ length: 20_000 }, (_, at) => `${at}`.padEnd(20));
  const hints = { similar: names, collections: names };
  const bytes = encodeBencode({ ...hints, info: { ...FILE_INFO, ...hints } });
  const torrent = await parseTorrent(bytes, { sha1 });
  assertEquals(torrent.similar.length, MAX_HINTS);
  assertEquals(torrent.collections, names.slice(0, MAX_HINTS));
});
