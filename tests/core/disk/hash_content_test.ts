import { assertEquals, assertRejects } from "@std/assert";
import { MemoryStorage } from "../../../lib/disk/storage.ts";
import type { ByteRange, Storage } from "../../../lib/disk/storage.ts";
import {
  type VerifyProgress,
  verifyStorage,
} from "../../../lib/disk/hash_content.ts";
import { sampleTorrent } from "./sample_torrent.ts";

/** Has the given ranges, and records reads. */
class PartialStorage extends MemoryStorage implements Storage {
  readonly reads: [offset: number, length: number][] = [];
  readonly #ranges: readonly ByteRange[];

  constructor(content: Uint8Array, ranges: readonly ByteRange[]) {
    super(content);
    this.#ranges = ranges;
  }

  override read(offsetInTorrent: number, into: Uint8Array): Promise<void> {
    this.reads.push([offsetInTorrent, into.length]);
    return super.read(offsetInTorrent, into);
  }

  override presentRanges(): Promise<readonly ByteRange[]> {
    return Promise.resolve(this.#ranges);
  }
}

/** Five pieces of 16 KiB, the last of 100 bytes. */
const sample = sampleTorrent(16384, [
  { path: ["file"], length: 4 * 16384 + 100 },
]);

Deno.test("verifyStorage() finds every piece of right content", async () => {
  await using storage = new MemoryStorage(sample.content.slice());
  const pieces = await verifyStorage(storage, sample.torrent);
  assertEquals([...pieces.indexes()], [0, 1, 2, 3, 4]);
});

Deno.test("verifyStorage() leaves out the piece with one wrong bit", async () => {
  const content = sample.content.slice();
  content[2 * 16384 + 5]! ^= 1;
  await using storage = new MemoryStorage(content);
  const pieces = await verifyStorage(storage, sample.torrent);
  assertEquals([...pieces.indexes()], [0, 1, 3, 4]);
});

Deno.test("verifyStorage() reads only pieces that are present as a whole", async () => {
  // Bytes present:  [....####][########][########][####....][100]
  await using storage = new PartialStorage(sample.content, [
    { offsetInTorrent: 8192, length: 3 * 16384 },
    { offsetInTorrent: 4 * 16384, length: 100 },
  ]);
  const pieces = await verifyStorage(storage, sample.torrent);
  assertEquals([...pieces.indexes()], [1, 2, 4]);
  assertEquals(storage.reads, [
    [16384, 2 * 16384],
    [4 * 16384, 100],
  ]);
});

Deno.test("verifyStorage() reads nothing of a range inside one piece", async () => {
  await using storage = new PartialStorage(sample.content, [
    { offsetInTorrent: 10, length: 16384 },
  ]);
  assertEquals((await verifyStorage(storage, sample.torrent)).count, 0);
  assertEquals(storage.reads, []);
});

Deno.test("verifyStorage() verifies a torrent without content", async () => {
  const empty = sampleTorrent(16384, [{ path: ["empty"], length: 0 }]);
  await using storage = new MemoryStorage(0);
  const pieces = await verifyStorage(storage, empty.torrent);
  assertEquals([pieces.length, pieces.isFull], [0, true]);
});

Deno.test("verifyStorage() verifies pieces of any length", async () => {
  for (const pieceLength of [16384, 1_000_000, 3 << 20, 128 << 20]) {
    const { torrent, content } = sampleTorrent(pieceLength, [
      { path: ["file"], length: 7_000_000 },
    ]);
    const damaged = content.slice();
    damaged[damaged.length - 1]! ^= 1;
    await using storage = new MemoryStorage(damaged);
    const pieces = await verifyStorage(storage, torrent);
    assertEquals(pieces.count, torrent.geometry.pieceCount - 1);
  }
});

Deno.test("verifyStorage() reports its progress, up to the last piece", async () => {
  // Bytes present:  [########][....####][########][........][...]
  await using storage = new PartialStorage(sample.content, [
    { offsetInTorrent: 0, length: 16384 },
    { offsetInTorrent: 16384 + 8192, length: 8192 + 16384 },
  ]);
  const verifiedCounts: number[] = [];
  let last: VerifyProgress | undefined;
  await verifyStorage(storage, sample.torrent, {
    onProgress: (progress) => {
      verifiedCounts.push(progress.verifiedCount);
      last = progress;
    },
  });
  assertEquals(verifiedCounts, [1, 2, 2]);
  assertEquals(last, { checkedCount: 5, verifiedCount: 2 });
});

Deno.test("verifyStorage() stops when its signal aborts", async () => {
  await using storage = new MemoryStorage(sample.content.slice());
  await assertRejects(
    () =>
      verifyStorage(storage, sample.torrent, {
        signal: AbortSignal.abort(new DOMException("enough", "AbortError")),
      }),
    DOMException,
    "enough",
  );
});

Deno.test("verifyStorage() throws if the disk cannot be read", async () => {
  await using storage = new PartialStorage(new Uint8Array(10), [
    { offsetInTorrent: 0, length: 16384 },
  ]);
  await assertRejects(
    () => verifyStorage(storage, sample.torrent),
    Error,
    "Cannot read bytes 0 to 16384",
  );
});
