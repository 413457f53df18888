import { assertEquals } from "@std/assert";
import {
  type FileStamp,
  isSameFile,
  isUnmodified,
} from "../../../lib/disk/file_system.ts";

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
