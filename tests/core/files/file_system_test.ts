import { assert, assertEquals } from "@std/assert";
import {
  type FileStamp,
  FileSystem,
  isModified,
  isSameFile,
  isUnmodified,
  stampOf,
} from "../../../lib/files/file_system.ts";

const STAMP: FileStamp = { size: 1, modifiedMs: 2, device: 3, inode: 4 };

Deno.test("isSameFile() compares the file, not what it holds", () => {
  assertEquals(isSameFile(STAMP, { ...STAMP, size: 5, modifiedMs: 6 }), true);
  assertEquals(isSameFile(STAMP, { ...STAMP, inode: 5 }), false);
  assertEquals(isSameFile(STAMP, { ...STAMP, device: 5 }), false);
  assertEquals(isSameFile(STAMP, { ...STAMP, inode: undefined }), true);
});

Deno.test("isUnmodified() compares size and time, and takes nothing unknown as equal", () => {
  assertEquals(isUnmodified(STAMP, { ...STAMP, inode: 9, device: 9 }), true);
  assertEquals(isUnmodified(STAMP, { ...STAMP, size: 5 }), false);
  assertEquals(isUnmodified(STAMP, { ...STAMP, modifiedMs: 5 }), false);
  const timeless = { ...STAMP, modifiedMs: undefined };
  assertEquals(isUnmodified(timeless, timeless), false);
  assertEquals(isUnmodified(undefined, undefined), false);
});

Deno.test("isModified() takes every time as a time, and an unknown one as no proof", () => {
  for (const modifiedMs of [0, -1, -86_400_500, 4_294_967_296_000]) {
    const stamp = { ...STAMP, modifiedMs };
    assertEquals(isUnmodified(stamp, { ...stamp }), true);
    assertEquals(isModified(stamp, { ...stamp }), false);
    assertEquals(isModified(stamp, { ...stamp, modifiedMs: 1 }), true);
    const timeless = { ...stamp, modifiedMs: undefined };
    assertEquals(isModified(stamp, timeless), false);
    assertEquals(isModified(timeless, stamp), false);
    assertEquals(isUnmodified(stamp, timeless), false);
    assertEquals(isModified(timeless, { ...timeless, size: 5 }), true);
  }
});

Deno.test("stampOf() knows no time if there is none, or none that fits a Date", () => {
  const info = { size: 1, dev: 2, ino: 3 } as Deno.FileInfo;
  for (const mtime of [null, new Date(NaN)]) {
    assertEquals(stampOf({ ...info, mtime }).modifiedMs, undefined);
  }
  assertEquals(stampOf({ ...info, mtime: new Date(0) }).modifiedMs, 0);
});

Deno.test("FileSystem gives other work a turn now and then, and often after a slow call", async () => {
  const fileSystem = new FileSystem();
  const count = async (calls: number): Promise<number> => {
    let asyncCount = 0;
    for (let index = 0; index < calls; index++) {
      await fileSystem.call(() => {}, () => Promise.resolve(void asyncCount++));
    }
    return asyncCount;
  };
  // A thread that has to wait for a processor takes some calls for slow ones.
  const asyncCount = await count(100_000);
  assert(asyncCount >= 300 && asyncCount < 50_000, `${asyncCount}`);
  const slow = async (ms: number): Promise<void> => {
    let isSlow = false;
    while (!isSlow) {
      await fileSystem.call(() => {
        const endMs = performance.now() + ms;
        while (performance.now() < endMs);
        isSlow = true;
      }, () => Promise.resolve());
    }
  };
  await slow(60);
  assertEquals(await count(64), 64);
});

Deno.test("FileSystem makes more calls asynchronous after slow ones in a row", async () => {
  const fileSystem = new FileSystem();
  const counts: number[] = [];
  for (let slowCalls = 0; slowCalls < 6; slowCalls++) {
    let asyncCount = 0;
    let isSlow = false;
    while (!isSlow) {
      await fileSystem.call(() => {
        const endMs = performance.now() + 6;
        while (performance.now() < endMs);
        isSlow = true;
      }, () => Promise.resolve(void asyncCount++));
    }
    counts.push(asyncCount);
  }
  // A thread that waits long for a processor jumps to the last number.
  assertEquals(counts[0], 0);
  for (const [index, expected] of [4, 8, 16, 32, 64].entries()) {
    const asyncCount = counts[index + 1]!;
    assert(asyncCount === expected || asyncCount === 64, `${counts}`);
  }
});
