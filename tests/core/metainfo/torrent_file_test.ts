import { assertEquals } from "@std/assert";
import { sha1 } from "../../../lib/disk/sha1.ts";
import {
  buildTorrent,
  buildTorrentFile,
} from "../../../lib/metainfo/build_torrent.ts";
import { parseTorrent } from "../../../lib/metainfo/parse_torrent.ts";

Deno.test("buildTorrentFile() changes the trackers and keeps the info hash", async () => {
  const original = buildTorrent({
    name: "a",
    content: { type: "folder", files: [{ path: ["b"], length: 5 }] },
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(20),
    announce: ["http://192.168.1.1:8000/announce"],
    comment: "c",
    isPrivate: true,
  });
  const options = { sha1, platform: "linux" } as const;
  const torrent = await parseTorrent(original, options);
  assertEquals(
    buildTorrentFile(torrent, ["http://192.168.1.1:8000/announce"]),
    original,
  );
  for (const announce of [[], ["http://a:1/announce", "udp://b:2"]]) {
    const renewed = await parseTorrent(
      buildTorrentFile(torrent, announce),
      options,
    );
    assertEquals(renewed, {
      ...torrent,
      announce: announce.map((url) => [url]),
    });
  }
});
