import { assertEquals, assertRejects } from "@std/assert";
import { MemoryCatalogue } from "../../../lib/catalogue/memory_catalogue.ts";
import { buildTorrent } from "../../../lib/metainfo/build_torrent.ts";
import { PIECE_LENGTH } from "../../../lib/metainfo/geometry.ts";
import { MetainfoError } from "../../../lib/metainfo/metainfo_error.ts";

const FILE = buildTorrent({
  name: "photos",
  content: {
    type: "folder",
    files: [{ path: ["a"], length: 3 }, { path: ["b"], length: 4 }],
  },
  pieceLength: PIECE_LENGTH,
  pieceHashes: new Uint8Array(20),
  announce: [],
});

Deno.test("MemoryCatalogue offers a file until it is removed", async () => {
  const catalogue = new MemoryCatalogue();
  const bytes = FILE.slice();
  const listed = await catalogue.add("a.torrent", bytes);
  // The catalogue made a copy.
  bytes.fill(0);
  assertEquals(listed, {
    infoHash: listed.infoHash,
    name: "photos",
    length: 7,
    fileCount: 2,
    fileName: "a.torrent",
  });
  assertEquals(catalogue.list(), [listed]);
  assertEquals(catalogue.find(listed.infoHash), listed);
  assertEquals(await catalogue.read("a.torrent"), FILE);
  catalogue.remove("a.torrent");
  assertEquals(catalogue.list(), []);
  assertEquals(catalogue.find(listed.infoHash), undefined);
  assertEquals(await catalogue.read("a.torrent"), undefined);
});

Deno.test("MemoryCatalogue refuses other files, and names that cannot end a URL", async () => {
  const catalogue = new MemoryCatalogue();
  const garbage = new Uint8Array(3);
  await assertRejects(() => catalogue.add("a", garbage), MetainfoError);
  for (const name of ["", ".", "..", "\ud800"]) {
    await assertRejects(() => catalogue.add(name, FILE), RangeError);
  }
  assertEquals(catalogue.list(), []);
});
