import { assertEquals } from "@std/assert";
import type { InfoHash } from "../../../../lib/base/identifier.ts";
import type { StoredTorrent } from "../../../../lib/tracker/store/torrent_database.ts";
import { TorrentMemory } from "../../../../lib/tracker/store/torrent_memory.ts";
import { infoHash } from "../../announce/samples.ts";

const HOUR = 3_600;

function torrent(changes: Partial<StoredTorrent> = {}): StoredTorrent {
  return {
    infoHash: infoHash("a"),
    downloadCount: 0,
    contentLength: undefined,
    lastSeenSeconds: 0,
    ...changes,
  };
}

Deno.test("TorrentMemory notes what changed and only that", () => {
  const stored = torrent({ downloadCount: 3, lastSeenSeconds: 100 });
  const memory = new TorrentMemory([stored]);
  assertEquals([memory.hasChanges, memory.downloadCount], [false, 3]);
  memory.see(infoHash("a"), 0, 100 + HOUR - 1);
  assertEquals(memory.hasChanges, false);
  memory.see(infoHash("a"), 0, 100 + HOUR);
  memory.see(infoHash("b"), 500, 7);
  memory.complete(infoHash("a"), 5_000);
  assertEquals(memory.downloadCount, 4);
  assertEquals(memory.unwritten(9), {
    torrents: [
      torrent({ downloadCount: 4, lastSeenSeconds: 5_000 }),
      torrent({
        infoHash: infoHash("b"),
        contentLength: 500,
        lastSeenSeconds: 7,
      }),
    ],
    forgotten: [],
  });
});

Deno.test("TorrentMemory keeps the most that a peer lacked", () => {
  const memory = new TorrentMemory([]);
  for (const left of [100, 300, 200, 0, NaN, Infinity, 1e300, 300.5]) {
    memory.see(infoHash("a"), left, 0);
  }
  assertEquals(memory.get(infoHash("a"))?.contentLength, 300);
  memory.complete(infoHash("a"), 0);
  assertEquals(memory.get(infoHash("a"))?.contentLength, 300);
});

Deno.test("TorrentMemory gives what is to be written a part at a time", () => {
  const memory = new TorrentMemory([]);
  for (const digit of "abc") memory.see(infoHash(digit), 0, 0);
  const first = memory.unwritten(2);
  assertEquals(first.torrents.map(({ infoHash }) => infoHash[0]), ["a", "b"]);
  // What failed is to be written all the same.
  assertEquals(memory.unwritten(2), first);
  memory.markWritten(first);
  const rest = memory.unwritten(2);
  assertEquals(rest.torrents.map(({ infoHash }) => infoHash[0]), ["c"]);
  memory.markWritten(rest);
  assertEquals(memory.hasChanges, false);
});

Deno.test("TorrentMemory forgets the least recently seen when it has too many", () => {
  const hash = (index: number): InfoHash =>
    index.toString(16).padStart(40, "0") as InfoHash;
  const memory = new TorrentMemory(
    Array.from(
      { length: 100_000 },
      (_, index) => torrent({ infoHash: hash(index), downloadCount: 1 }),
    ),
  );
  memory.see(hash(0), 0, HOUR);
  memory.see(infoHash("f"), 0, HOUR);
  assertEquals(memory.get(hash(1)), undefined);
  assertEquals(memory.downloadCount, 99_999);
  const { torrents, forgotten } = memory.unwritten(9);
  assertEquals(forgotten, [hash(1)]);
  assertEquals(torrents.map(({ infoHash }) => infoHash), [
    hash(0),
    infoHash("f"),
  ]);
  // It may come back before that is written.
  memory.see(hash(1), 0, HOUR);
  assertEquals(memory.unwritten(9).forgotten, [hash(2)]);
});
