import { assertEquals, assertRejects } from "@std/assert";
import {
  type SharedBytes,
  SharedReads,
} from "../../../lib/catalogue/shared_reads.ts";
import type { SeenFile } from "../../../lib/catalogue/torrent_file_scan.ts";

function seen(name: string, size: number, modifiedMs = 0): SeenFile {
  return { path: name, size, modifiedMs, inode: 1 };
}

/** Reads what it is told to and counts how often. */
function counter(
  result: () => SharedBytes = () => Promise.resolve(new Uint8Array(1)),
): { count: number; read: () => SharedBytes } {
  const counter = {
    count: 0,
    read: (): SharedBytes => {
      counter.count++;
      return result();
    },
  };
  return counter;
}

Deno.test("SharedReads reads a file once for all who ask, while it looks the same", async () => {
  const reads = new SharedReads(100);
  const disk = counter();
  const first = reads.take("a", seen("a", 10), disk.read);
  assertEquals(reads.take("a", seen("a", 10), disk.read) === first, true);
  await first;
  assertEquals(reads.take("a", seen("a", 10), disk.read) === first, true);
  assertEquals(disk.count, 1);
  reads.take("a", seen("a", 10, 5), disk.read);
  assertEquals(disk.count, 2);
});

Deno.test("SharedReads keeps the latest that fit", () => {
  const reads = new SharedReads(100);
  const disk = counter();
  for (const name of ["a", "b", "a", "c"]) {
    reads.take(name, seen(name, 40), disk.read);
  }
  assertEquals(disk.count, 3);
  // a and c are kept, b is not.
  reads.take("a", seen("a", 40), disk.read);
  reads.take("c", seen("c", 40), disk.read);
  assertEquals(disk.count, 3);
  reads.take("b", seen("b", 40), disk.read);
  assertEquals(disk.count, 4);
});

Deno.test("SharedReads counts what it drops", () => {
  const reads = new SharedReads(100);
  const disk = counter();
  for (let round = 0; round < 5; round++) {
    reads.take("a", seen("a", 90, round), disk.read);
    reads.drop("a");
    reads.drop("a");
  }
  reads.take("a", seen("a", 50), disk.read);
  reads.take("b", seen("b", 50), disk.read);
  reads.take("a", seen("a", 50), disk.read);
  assertEquals(disk.count, 7);
});

Deno.test("SharedReads tries again what could not be read", async () => {
  const reads = new SharedReads(100);
  const failing = counter(() => Promise.reject(new Error("the disk")));
  await assertRejects(() => reads.take("a", seen("a", 1), failing.read), Error);
  const missing = counter(() => Promise.resolve(undefined));
  assertEquals(await reads.take("a", seen("a", 1), missing.read), undefined);
  const disk = counter();
  assertEquals((await reads.take("a", seen("a", 1), disk.read))?.length, 1);
  assertEquals([failing.count, missing.count, disk.count], [1, 1, 1]);
});
