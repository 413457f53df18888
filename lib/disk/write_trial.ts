/**
 * Proves that a folder can be written, before long work relies on it.
 *
 * @module
 */
import { dirname } from "@std/path";
import { storageFailure } from "./storage_failure.ts";

/**
 * The folder at a path, or the next one above it that exists.
 * @throws {StorageError} If something else stands in its place.
 */
export async function existingFolder(path: string): Promise<string> {
  for (;;) {
    try {
      if ((await Deno.stat(path)).isDirectory) return path;
    } catch (error) {
      const above = dirname(path);
      if (!(error instanceof Deno.errors.NotFound) || above === path) {
        throw storageFailure("write to", path, error);
      }
      path = above;
      continue;
    }
    throw storageFailure("write to", path, "ENOTDIR");
  }
}

/**
 * Makes an empty file in a folder and removes it.
 * @throws {StorageError} If the system refuses.
 */
export async function tryToWrite(dir: string): Promise<void> {
  try {
    await Deno.remove(await Deno.makeTempFile({ dir, prefix: ".lanswarm-" }));
  } catch (error) {
    throw storageFailure("write to", dir, error);
  }
}
