/**
 * Hashing on worker threads, against WebCrypto.
 *
 * @module
 */
import { assertEquals, assertGreater } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  openWorkerHasher,
  type PieceHasher,
  platformHasher,
} from "../../lib/mod.ts";
import { makeContent } from "./memory_torrent.ts";

const MIB = 1024 * 1024;
const PIECE_LENGTH = 65_536;
/** What is handed over at once: 16 pieces and a short one. */
const RUN_LENGTH = MIB + 100;

/** Hashes eight runs at a time until so many bytes are done; how often a buffer went to another thread. */
async function hashRuns(hasher: PieceHasher, length: number): Promise<number> {
  const content = makeContent("runs", RUN_LENGTH);
  const { hashes } = await platformHasher.hash(content.slice(), PIECE_LENGTH);
  let doneLength = 0;
  let transferCount = 0;

  async function hashOn(): Promise<void> {
    let bytes = content.slice();
    while (doneLength < length) {
      doneLength += bytes.length;
      const hashing = hasher.hash(bytes, PIECE_LENGTH);
      if (bytes.buffer.detached) transferCount++;
      const hashed = await hashing;
      assertEquals(hashed.hashes, hashes);
      assertEquals(hashed.bytes.length, RUN_LENGTH);
      bytes = hashed.bytes;
    }
    assertEquals(bytes, content);
  }

  await Promise.all(Array.from({ length: 8 }, hashOn));
  return transferCount;
}

Deno.test("openWorkerHasher() hashes little on the thread that asks", async () => {
  using hasher = await openWorkerHasher();
  assertEquals(await hashRuns(hasher, 8 * MIB), 0);
});

Deno.test("openWorkerHasher() hands over to workers when there is much to hash", async () => {
  using hasher = await openWorkerHasher();
  // However long they take to start.
  let transferCount = 0;
  while (transferCount === 0) {
    transferCount = await hashRuns(hasher, 32 * MIB);
    await delay(10);
  }
  assertGreater(await hashRuns(hasher, 32 * MIB), 16);
});

Deno.test("openWorkerHasher() does without workers where none are wanted", async () => {
  using hasher = await openWorkerHasher({ maxWorkers: 0 });
  assertEquals(await hashRuns(hasher, 64 * MIB), 0);
});
