/**
 * Whether two paths lead to one file, however they are spelled.
 *
 * @module
 */
import { resolve } from "@std/path";
import type { Platform } from "../mod.ts";

/** Whether `a` and `b` lead to one file; false where one of them leads nowhere. */
export async function isSameFile(
  a: string,
  b: string,
  platform: Platform,
): Promise<boolean> {
  if (resolve(a) === resolve(b)) return true;
  try {
    if (platform === "windows") {
      // Spelled as it stands on the disk. Inode numbers are too large there.
      return await Deno.realPath(a) === await Deno.realPath(b);
    }
    const [first, second] = await Promise.all([Deno.stat(a), Deno.stat(b)]);
    return first.ino === second.ino && first.dev === second.dev;
  } catch {
    // One of them cannot be looked at: whoever goes on to use it will say why.
    return false;
  }
}
