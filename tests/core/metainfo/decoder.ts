/**
 * The decoder of torrent files for fuzzing, with the invariants of every torrent
 * that it accepts.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { infoHashFromHex } from "../../../lib/base/identifier.ts";
import { sha1 } from "../../../lib/disk/sha1.ts";
import { buildTorrent } from "../../../lib/metainfo/build_torrent.ts";
import { MetainfoError } from "../../../lib/metainfo/metainfo_error.ts";
import { parseTorrent } from "../../../lib/metainfo/parse_torrent.ts";
import { findPathFault } from "../../../lib/metainfo/safe_path.ts";
import {
  PIECE_HASH_LENGTH,
  type Torrent,
} from "../../../lib/metainfo/torrent.ts";
import { latin1 } from "../bencode/bytes.ts";
import type { NamedFuzzTarget } from "../fuzz.ts";

const EXAMPLES = [
  buildTorrent({
    name: "document.pdf",
    content: { type: "file", length: 20_000, isExecutable: true },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(40),
    announce: ["http://a/announce", "http://b/announce"],
    isPrivate: true,
    comment: "a remark",
    creationDate: 1_700_000_000,
    similar: [infoHashFromHex("61".repeat(20))],
    collections: ["a.b"],
  }),
  buildTorrent({
    name: "folder",
    content: {
      type: "folder",
      files: [
        { path: ["a", "b"], length: 3 },
        { path: ["c"], length: 0 },
        { path: ["d"], length: 1, isExecutable: true },
        { path: ["l"], length: 0, linkTarget: ["a", "b"] },
        { path: ["e", "m"], length: 0, linkTarget: ["a"] },
      ],
    },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(20),
    announce: [],
  }),
  buildTorrent({
    name: "many",
    content: {
      type: "folder",
      files: Array.from({ length: 30 }, (_, at) => ({
        path: ["folder", `file ${at}`],
        length: at,
      })),
    },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(20),
    announce: ["http://a/announce"],
  }),
  latin1(
    "d4:infod5:filesld4:attr1:p6:lengthi0e4:pathl2:..eed6:lengthi-1e" +
      "10:path.utf-8l1:ae4:pathl1:\xffeee4:name2:C:10:name.utf-81:/" +
      "12:piece lengthi0e6:pieces0:12:meta versioni2eee",
  ),
];

/** The decoder of torrent files. */
export const TORRENT_DECODER: NamedFuzzTarget = {
  name: "parseTorrent() accepts or throws MetainfoError, whatever the bytes",
  examples: EXAMPLES,
  decode: async (bytes) => {
    const torrent = await parseTorrent(bytes, { sha1 });
    assertInvariants(torrent);
    return torrent;
  },
  refusal: MetainfoError,
};

function assertInvariants(torrent: Torrent): void {
  const { files, geometry, pieceHashes } = torrent;
  const length = files.reduce((sum, file) => sum + file.length, 0);
  assertEquals(length, geometry.length);
  assertEquals(pieceHashes.length, geometry.pieceCount * PIECE_HASH_LENGTH);
  const paths = new Map(files.map((file) => [file.path.join("/"), file]));
  for (const { path, linkTarget, length, isPadding } of files) {
    assertEquals(findPathFault(path, "linux"), undefined);
    if (linkTarget === undefined) continue;
    assertEquals([length, isPadding], [0, false]);
    assertEquals(findPathFault(linkTarget, "linux"), undefined);
    const target = linkTarget.join("/");
    const isFolder = files.some((file) =>
      !file.isPadding && file.path.join("/").startsWith(`${target}/`)
    );
    const file = paths.get(target);
    assertEquals(isFolder || file !== undefined, true);
    assertEquals(file?.linkTarget, undefined);
  }
}
