/**
 * A torrent file of almost 32 MiB that names half a million small files.
 */
import { assert, assertEquals } from "@std/assert";
import {
  MAX_TORRENT_FILE_LENGTH,
  parseTorrentFile,
} from "../../lib/disk/torrent_file.ts";
import { buildTorrent, choosePieceLength } from "../../mod.ts";
import { report } from "../report.ts";

const FILE_COUNT = 500_000;
const FILE_LENGTH = 1000;

Deno.test("parseTorrentFile() reads back half a million files that buildTorrent() writes", async () => {
  const files = Array.from({ length: FILE_COUNT }, (_, index) => ({
    path: [`${index >> 10}`, `photograph-tile-${index}.jpeg`],
    length: FILE_LENGTH,
  }));
  const length = FILE_COUNT * FILE_LENGTH;
  const pieceLength = choosePieceLength(length);
  const startMs = performance.now();
  const bytes = buildTorrent({
    name: "tiles",
    content: { type: "folder", files },
    pieceLength,
    pieceHashes: new Uint8Array(20 * Math.ceil(length / pieceLength)),
    announce: ["http://127.0.0.1:8000/announce"],
  });
  const builtMs = performance.now();
  assert(bytes.length > 0.85 * MAX_TORRENT_FILE_LENGTH);
  const torrent = await parseTorrentFile(bytes);
  report(
    `${bytes.length} bytes built in ${
      Math.round(builtMs - startMs)
    } ms, read in ${Math.round(performance.now() - builtMs)} ms`,
  );
  assertEquals(torrent.files.length, FILE_COUNT);
  assertEquals(torrent.files.at(-1)?.path, [
    "tiles",
    "488",
    "photograph-tile-499999.jpeg",
  ]);
});
