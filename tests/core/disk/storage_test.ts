import { assertEquals, assertRejects } from "@std/assert";
import { StorageError } from "../../../lib/base/errors.ts";
import { MemoryStorage } from "../../../lib/disk/storage.ts";

Deno.test("MemoryStorage reads back what was written at an offset", async () => {
  await using storage = new MemoryStorage(8);
  await storage.write(3, Uint8Array.of(1, 2));
  const into = new Uint8Array(4);
  await storage.read(2, into);
  assertEquals(into, Uint8Array.of(0, 1, 2, 0));
  assertEquals(storage.content, Uint8Array.of(0, 0, 0, 1, 2, 0, 0, 0));
});

Deno.test("MemoryStorage keeps its own copy of the bytes written", async () => {
  await using storage = new MemoryStorage(2);
  const bytes = Uint8Array.of(7, 7);
  await storage.write(0, bytes);
  bytes.fill(0);
  assertEquals(storage.content, Uint8Array.of(7, 7));
});

Deno.test("MemoryStorage has nothing present until something is written", async () => {
  await using storage = new MemoryStorage(8);
  assertEquals(await storage.presentRanges(), []);
  await storage.write(0, Uint8Array.of(1));
  assertEquals(await storage.presentRanges(), [
    { offsetInTorrent: 0, length: 8 },
  ]);
});

Deno.test("MemoryStorage has all of a given content present", async () => {
  await using storage = new MemoryStorage(Uint8Array.of(1, 2, 3));
  assertEquals(await storage.presentRanges(), [
    { offsetInTorrent: 0, length: 3 },
  ]);
});

Deno.test("MemoryStorage refuses to read or write past its end", async () => {
  await using storage = new MemoryStorage(4);
  await assertRejects(
    () => storage.read(3, new Uint8Array(2)),
    StorageError,
    "Cannot read bytes 3 to 5: the content has 4",
  );
  await assertRejects(
    () => storage.write(-1, new Uint8Array(2)),
    StorageError,
    "Cannot write bytes -1 to 1",
  );
});
