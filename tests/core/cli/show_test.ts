import { assertEquals } from "@std/assert";
import { describeTorrent, toJson } from "../../../cli/show.ts";
import {
  buildTorrent,
  type InfoHash,
  parseTorrent,
  sha1,
  type Torrent,
} from "../../../mod.ts";

function makeFolder(): Promise<Torrent> {
  const bytes = buildTorrent({
    name: "folder",
    content: {
      type: "folder",
      files: [{ path: ["a", "b"], length: 1024 }, { path: ["c"], length: 0 }],
    },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(20),
    announce: ["http://a/announce", "http://b/announce"],
    comment: "a remark",
    creationDate: 1_700_000_000,
  });
  return parseTorrent(bytes, { sha1 });
}

function folderLink({ infoHash }: Torrent): string {
  return `magnet:?xt=urn:btih:${infoHash}&dn=folder` +
    "&tr=http%3A%2F%2Fa%2Fannounce&tr=http%3A%2F%2Fb%2Fannounce";
}

Deno.test("describeTorrent() shows each field on a line of its own", async () => {
  const torrent = await makeFolder();
  assertEquals(describeTorrent(torrent), [
    "Name:         folder",
    "Size:         1 KiB (1024 bytes)",
    "Piece length: 16 KiB (16384 bytes)",
    "Pieces:       1",
    `Info hash:    ${torrent.infoHash}`,
    `Magnet link:  ${folderLink(torrent)}`,
    "Private:      no",
    "Trackers:     http://a/announce",
    "              http://b/announce",
    "Comment:      a remark",
    "Created by:   lanswarm/0.1.0",
    "Created on:   2023-11-14T22:13:20.000Z",
    "Files:        2",
    "  a/b (1 KiB)",
    "  c (0 B)",
  ]);
});

Deno.test("similar torrents and collections are shown, one a line", async () => {
  const similar = ["ab", "cd"].map((byte) => byte.repeat(20) as InfoHash);
  const torrent = { ...await makeFolder(), similar, collections: ["videos"] };
  assertEquals(describeTorrent(torrent).slice(9, 12), [
    `Similar:      ${similar[0]}`,
    `              ${similar[1]}`,
    "Collections:  videos",
  ]);
  assertEquals(toJson(torrent).similar, similar);
  assertEquals(toJson(torrent).collections, ["videos"]);
});

Deno.test("describeTorrent() leaves out what the torrent does not say", async () => {
  const torrent: Torrent = {
    ...await makeFolder(),
    announce: [],
    comment: undefined,
    createdBy: undefined,
    creationDate: undefined,
  };
  const labels = describeTorrent(torrent).map((line) => line.split(":")[0]);
  assertEquals(labels.includes("Comment"), false);
  assertEquals(labels.includes("Created by"), false);
  assertEquals(labels.includes("Created on"), false);
  assertEquals(describeTorrent(torrent)[7], "Trackers:     none");
});

Deno.test("describeTorrent() survives a date that no calendar holds", async () => {
  const torrent = {
    ...await makeFolder(),
    creationDate: Number.MAX_SAFE_INTEGER,
  };
  assertEquals(
    describeTorrent(torrent)[11],
    "Created on:   9007199254740991 seconds after 1970",
  );
});

Deno.test("toJson() has a folder's files below the folder and a single file by its name", async () => {
  const folder = await makeFolder();
  assertEquals(toJson(folder), {
    name: "folder",
    infoHash: folder.infoHash,
    magnet: folderLink(folder),
    length: 1024,
    pieceLength: 16_384,
    pieceCount: 1,
    private: false,
    announce: [["http://a/announce"], ["http://b/announce"]],
    files: [{ path: ["a", "b"], length: 1024 }, { path: ["c"], length: 0 }],
  });
  const file = await parseTorrent(
    buildTorrent({
      name: "a.bin",
      content: { type: "file", length: 1 },
      pieceLength: 16_384,
      pieceHashes: new Uint8Array(20),
      announce: [],
      isPrivate: true,
    }),
    { sha1 },
  );
  assertEquals(toJson(file).files, [{ path: ["a.bin"], length: 1 }]);
  assertEquals(toJson(file).private, true);
  // No client sends the metadata of a private torrent.
  assertEquals(toJson(file).magnet, undefined);
  assertEquals(toJson(file).announce, []);
});
