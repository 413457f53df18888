import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { VERSION } from "../../../lib/base/version.ts";
import { infoHashFromHex } from "../../../lib/base/identifier.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import {
  buildTorrent,
  type NewTorrent,
} from "../../../lib/metainfo/build_torrent.ts";
import { parseTorrent } from "../../../lib/metainfo/parse_torrent.ts";
import { latin1 } from "../bencode/bytes.ts";

const FILE: NewTorrent = {
  name: "a",
  content: { type: "file", length: 5 },
  pieceLength: 16_384,
  pieceHashes: latin1("01234567890123456789"),
  announce: ["http://t/announce"],
};

Deno.test("buildTorrent() writes the keys of a single file in order", () => {
  assertEquals(
    buildTorrent(FILE),
    latin1(
      "d8:announce17:http://t/announce10:created by14:lanswarm/0.1.0" +
        "4:infod6:lengthi5e4:name1:a12:piece lengthi16384e" +
        "6:pieces20:01234567890123456789ee",
    ),
  );
});

Deno.test("buildTorrent() writes similar torrents and collections into info, as libtorrent does", async () => {
  const similar = [infoHashFromHex("61".repeat(20))];
  const bytes = buildTorrent({ ...FILE, similar, collections: ["c"] });
  assertStringIncludes(
    new TextDecoder().decode(bytes),
    `4:infod11:collectionsl1:ce6:lengthi5e4:name1:a12:piece lengthi16384e` +
      `6:pieces20:012345678901234567897:similarl20:${"a".repeat(20)}eee`,
  );
  const torrent = await parseTorrent(bytes, { sha1 });
  assertEquals(torrent.similar, similar);
  assertEquals(torrent.collections, ["c"]);
});

Deno.test("buildTorrent() writes attr for programs alone", () => {
  const content = { type: "file", length: 5, isExecutable: true } as const;
  const text = new TextDecoder().decode(buildTorrent({ ...FILE, content }));
  assertStringIncludes(text, "4:infod4:attr1:x6:lengthi5e4:name1:a");
  const folder = new TextDecoder().decode(buildTorrent({
    ...FILE,
    content: {
      type: "folder",
      files: [
        { path: ["a"], length: 2, isExecutable: true },
        { path: ["b"], length: 3, isExecutable: false },
      ],
    },
  }));
  assertStringIncludes(
    folder,
    "5:filesld4:attr1:x6:lengthi2e4:pathl1:aeed6:lengthi3e4:pathl1:beee",
  );
});

Deno.test("parseTorrent() reads what buildTorrent() writes", async () => {
  const bytes = buildTorrent({
    name: "folder",
    content: {
      type: "folder",
      files: [
        { path: ["b", "日本語"], length: 3 },
        { path: ["empty"], length: 0 },
        { path: ["z"], length: 20_000, isExecutable: true },
      ],
    },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(40),
    announce: ["http://a/announce", "http://b/announce"],
    isPrivate: true,
    comment: "a remark",
    creationDate: 1_700_000_000,
  });
  const torrent = await parseTorrent(bytes, { sha1 });
  assertEquals(torrent.files, [
    { path: ["folder", "b", "日本語"], length: 3, isPadding: false },
    { path: ["folder", "empty"], length: 0, isPadding: false },
    {
      ...{ path: ["folder", "z"], length: 20_000, isPadding: false },
      isExecutable: true,
    },
  ]);
  assertEquals(torrent.announce, [["http://a/announce"], [
    "http://b/announce",
  ]]);
  assertEquals(torrent.isPrivate, true);
  assertEquals(torrent.comment, "a remark");
  assertEquals(torrent.createdBy, `lanswarm/${VERSION}`);
  assertEquals(torrent.creationDate, 1_700_000_000);
  assertEquals(torrent.geometry.pieceLength, 16_384);
});

Deno.test("buildTorrent() computes the info hash that mktorrent 1.1 computes", async () => {
  // mktorrent -l 18 of a folder "d" of these files.
  const content = new TextEncoder().encode("hi\n" + "ho\n");
  const bytes = buildTorrent({
    name: "d",
    content: {
      type: "folder",
      files: [
        { path: ["a"], length: 3 },
        { path: ["empty"], length: 0 },
        { path: ["sub", "b"], length: 3 },
      ],
    },
    pieceLength: 262_144,
    pieceHashes: sha1(content),
    announce: ["http://x/a"],
  });
  const { infoHash } = await parseTorrent(bytes, { sha1 });
  assertEquals(
    infoHash,
    infoHashFromHex("e90eb3ee3f081b5b1064759e69762a276589d83f"),
  );
});

Deno.test("buildTorrent() keeps the info hash when only the trackers change", async () => {
  const other = { ...FILE, announce: ["http://other/announce"], comment: "x" };
  const hashes = await Promise.all(
    [FILE, other].map(async (torrent) =>
      (await parseTorrent(buildTorrent(torrent), { sha1 })).infoHash
    ),
  );
  assertEquals(hashes[0], hashes[1]);
});

Deno.test("buildTorrent() refuses hashes that do not match the length", () => {
  for (const count of [0, 19, 40]) {
    const pieceHashes = new Uint8Array(count);
    assertThrows(() => buildTorrent({ ...FILE, pieceHashes }), RangeError);
  }
});
