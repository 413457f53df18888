import { assertEquals } from "@std/assert";
import { infoHashFromHex } from "../../../lib/base/identifier.ts";
import {
  type ListedTorrent,
  TorrentIndex,
} from "../../../lib/catalogue/torrent_catalogue.ts";

const HASHES = ["aa", "bb"].map((byte) => infoHashFromHex(byte.repeat(20)));

function torrent(fileName: string, hash: 0 | 1): ListedTorrent {
  return {
    infoHash: HASHES[hash]!,
    name: "n",
    length: 1,
    fileCount: 1,
    fileName,
  };
}

/** The file names in order, then the name found for each info hash. */
function drawn(index: TorrentIndex): string {
  const names = index.list().map(({ fileName }) => fileName).join("");
  const found = HASHES.map((hash) => index.find(hash)?.fileName ?? "-");
  return `${names} ${found.join("")}`;
}

Deno.test("TorrentIndex sorts by file name", () => {
  const index = new TorrentIndex();
  assertEquals(drawn(index), " --");
  for (const fileName of "cab") index.set(torrent(fileName, 0));
  assertEquals(drawn(index), "abc a-");
  index.set(torrent("B", 1));
  assertEquals(drawn(index), "Babc aB");
});

Deno.test("TorrentIndex finds the next file of a torrent when the first is deleted", () => {
  const index = new TorrentIndex();
  for (const fileName of "ab") index.set(torrent(fileName, 0));
  index.delete("a");
  assertEquals(drawn(index), "b b-");
  index.delete("a");
  index.delete("b");
  assertEquals(drawn(index), " --");
  assertEquals(index.get("b"), undefined);
});

Deno.test("TorrentIndex forgets the old torrent when a file becomes another one", () => {
  const index = new TorrentIndex();
  index.set(torrent("a", 0));
  index.set(torrent("a", 1));
  assertEquals(drawn(index), "a -a");
});
