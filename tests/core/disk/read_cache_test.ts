import { assert, assertEquals, assertRejects } from "@std/assert";
import { StorageError } from "../../../lib/base/errors.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { MemoryStorage } from "../../../lib/disk/storage.ts";
import { ReadCache } from "../../../lib/disk/read_cache.ts";
import { Geometry } from "../../../lib/metainfo/geometry.ts";

const KIB = 1024;

/** Records reads; the first `failures` of them fail. */
class CountingStorage extends MemoryStorage {
  readonly reads: [offset: number, length: number][] = [];
  readonly checks: [offset: number, length: number][] = [];
  failures = 0;

  override async read(offset: number, into: Uint8Array): Promise<void> {
    this.reads.push([offset, into.length]);
    await Promise.resolve();
    if (this.failures > 0) {
      this.failures--;
      throw new StorageError("Cannot read: worn out");
    }
    await super.read(offset, into);
  }

  checkServed(offset: number, length: number): undefined {
    this.checks.push([offset, length]);
  }
}

function randomContent(length: number): Uint8Array {
  const random = seededRandom(length);
  return Uint8Array.from({ length }, () => random() * 256);
}

/** A storage of random content behind a cache. */
function openCache(
  options: { length: number; pieceLength: number; maxBytes?: number },
): { content: Uint8Array; storage: CountingStorage; cache: ReadCache } {
  const content = randomContent(options.length);
  const storage = new CountingStorage(content);
  const geometry = new Geometry(options.length, options.pieceLength);
  const cache = new ReadCache(storage, geometry, options.maxBytes);
  return { content, storage, cache };
}

async function readFrom(
  cache: ReadCache,
  offset: number,
  length: number,
  runLength = 256 * KIB,
): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  await cache.read(offset, into, runLength);
  return into;
}

Deno.test("ReadCache reads a piece once for all of its blocks", async () => {
  const { content, storage, cache } = openCache({
    length: 512 * KIB,
    pieceLength: 256 * KIB,
  });
  for (let offset = 0; offset < 256 * KIB; offset += 16 * KIB) {
    assertEquals(
      await readFrom(cache, offset, 16 * KIB),
      content.slice(offset, offset + 16 * KIB),
    );
  }
  assertEquals(storage.reads, [[0, 256 * KIB]]);
});

Deno.test("ReadCache shares one read between concurrent readers", async () => {
  const { storage, cache } = openCache({
    length: 256 * KIB,
    pieceLength: 256 * KIB,
  });
  await Promise.all([
    readFrom(cache, 0, 16 * KIB),
    readFrom(cache, 16 * KIB, 16 * KIB),
    readFrom(cache, 0, 16 * KIB),
  ]);
  assertEquals(storage.reads.length, 1);
});

Deno.test("ReadCache never reads beyond the requested piece", async () => {
  const { storage, cache } = openCache({
    length: 100 * KIB,
    pieceLength: 48 * KIB,
  });
  await readFrom(cache, 50 * KIB, 10);
  await readFrom(cache, 99 * KIB, 10);
  assertEquals(storage.reads, [[48 * KIB, 48 * KIB], [96 * KIB, 4 * KIB]]);
});

Deno.test("ReadCache joins chunks for a read that crosses them", async () => {
  const { content, storage, cache } = openCache({
    length: 1024 * KIB,
    pieceLength: 1024 * KIB,
  });
  assertEquals(
    await readFrom(cache, 250 * KIB, 16 * KIB, 64 * KIB),
    content.slice(250 * KIB, 266 * KIB),
  );
  assertEquals(storage.reads.length, 2);
});

Deno.test("ReadCache reads a block over 16 KiB straight from the storage, and keeps nothing of it", async () => {
  const { content, storage, cache } = openCache({
    length: 1024 * KIB,
    pieceLength: 512 * KIB,
  });
  const blocks: [offset: number, length: number][] = [
    [0, 256 * KIB],
    [300 * KIB, 17 * KIB],
    [0, 256 * KIB],
  ];
  for (const [offset, length] of blocks) {
    const block = await readFrom(cache, offset, length);
    assertEquals(block, content.slice(offset, offset + length));
  }
  assertEquals(storage.reads, blocks);
  assertEquals(cache.byteCount, 0);
});

Deno.test("ReadCache has each request checked once, however long", async () => {
  const { storage, cache } = openCache({
    length: 1024 * KIB,
    pieceLength: 1024 * KIB,
  });
  const requests: [offset: number, length: number][] = [
    // Straight from the storage; by way of a chunk; from that chunk; in parts.
    [0, 256 * KIB],
    [256 * KIB, 16 * KIB],
    [272 * KIB, 32 * KIB],
    [496 * KIB, 64 * KIB],
  ];
  for (const [offset, length] of requests) {
    await readFrom(cache, offset, length);
  }
  assertEquals(storage.checks, requests);
});

Deno.test("ReadCache copies the beginning of a large block that it holds", async () => {
  const { content, storage, cache } = openCache({
    length: 1024 * KIB,
    pieceLength: 1024 * KIB,
  });
  await readFrom(cache, 0, 16 * KIB);
  assertEquals(
    await readFrom(cache, 100 * KIB, 512 * KIB),
    content.slice(100 * KIB, 612 * KIB),
  );
  assertEquals(storage.reads, [[0, 256 * KIB], [256 * KIB, 356 * KIB]]);
});

Deno.test("ReadCache stays within its limit and evicts the least recently used chunk", async () => {
  const { storage, cache } = openCache({
    length: 3 * 256 * KIB,
    pieceLength: 256 * KIB,
    maxBytes: 2 * 256 * KIB,
  });
  // Chunk 0 is used again before chunk 2 is read, so chunk 1 is evicted.
  for (const index of [0, 1, 0, 2, 0, 1]) {
    await readFrom(cache, index * 256 * KIB, 1);
    assert(cache.byteCount <= 2 * 256 * KIB);
  }
  assertEquals(
    storage.reads.map(([offset]) => offset / (256 * KIB)),
    [0, 1, 2, 1],
  );
});

Deno.test("ReadCache works with a limit below one chunk", async () => {
  const { content, cache } = openCache({
    length: 512 * KIB,
    pieceLength: 256 * KIB,
    maxBytes: 1,
  });
  assertEquals(
    await readFrom(cache, 250 * KIB, 16 * KIB, 64 * KIB),
    content.slice(250 * KIB, 266 * KIB),
  );
});

Deno.test("ReadCache tries again after a failed read", async () => {
  const { storage, cache } = openCache({
    length: 16 * KIB,
    pieceLength: 16 * KIB,
  });
  storage.failures = 1;
  await assertRejects(() => readFrom(cache, 0, 1), StorageError, "worn out");
  assertEquals(cache.byteCount, 0);
  await readFrom(cache, 0, 1);
  assertEquals(storage.reads.length, 2);
});

Deno.test("ReadCache gives a copy that the reader may change", async () => {
  const { content, cache } = openCache({ length: 10, pieceLength: 16 * KIB });
  (await readFrom(cache, 0, 10)).fill(0);
  assertEquals(await readFrom(cache, 0, 10), content);
});

Deno.test("ReadCache reads for a short run of requests what they name alone", async () => {
  const { content, storage, cache } = openCache({
    length: 2048 * KIB,
    pieceLength: 1024 * KIB,
  });
  assertEquals(
    await readFrom(cache, 300 * KIB + 7, 1, 1),
    content.slice(300 * KIB + 7, 300 * KIB + 8),
  );
  // It crosses the border of two chunks.
  assertEquals(
    await readFrom(cache, 250 * KIB, 16 * KIB, 48 * KIB),
    content.slice(250 * KIB, 266 * KIB),
  );
  assertEquals(storage.reads, [
    [300 * KIB + 7, 1],
    [250 * KIB, 6 * KIB],
    [256 * KIB, 10 * KIB],
  ]);
  assertEquals(cache.byteCount, 0);
});

Deno.test("ReadCache reads a chunk for a run of a quarter of its length", async () => {
  const { storage, cache } = openCache({
    length: 640 * KIB,
    pieceLength: 320 * KIB,
  });
  await readFrom(cache, 16 * KIB, 16 * KIB, 64 * KIB);
  // The last chunk of the piece has 64 KiB.
  await readFrom(cache, 280 * KIB, 16 * KIB, 16 * KIB);
  assertEquals(storage.reads, [[0, 256 * KIB], [256 * KIB, 64 * KIB]]);
});

Deno.test("ReadCache returns how much it read from the disk", async () => {
  const { cache } = openCache({ length: 512 * KIB, pieceLength: 512 * KIB });
  const block = (): Uint8Array => new Uint8Array(16 * KIB);
  assertEquals(await cache.read(0, block(), 16 * KIB), 16 * KIB);
  assertEquals(await cache.read(0, block(), 64 * KIB), 256 * KIB);
  assertEquals(cache.read(16 * KIB, block(), 16 * KIB), undefined);
});
