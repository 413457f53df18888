/**
 * Proves that a folder can be written, before long work relies on it.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { ifAny } from "./file_system.ts";
import { storageFailure } from "./storage_failure.ts";

/**
 * The folder at a path, or the next one above it that exists.
 * @throws {StorageError} If something else stands in its place.
 */
export async function existingFolder(path: string): Promise<string> {
  const fail = (error: unknown): never => {
    throw storageFailure("write to", path, error);
  };
  const info = await ifAny(Deno.stat(path)).catch(fail);
  if (info?.isDirectory) return path;
  if (info !== undefined) fail("ENOTDIR");
  const above = dirname(path);
  return above === path ? fail("ENOENT") : await existingFolder(above);
}

/**
 * Makes an empty file in a folder and removes it.
 * @throws {StorageError} If the system refuses.
 */
export async function tryToWrite(dir: string): Promise<void> {
  await writeTrial(dir).catch((error) => {
    throw storageFailure("write to", dir, error);
  });
}

/** The same with `length` zeros. @throws {Error} If the system refuses. */
export async function writeTrial(dir: string, length = 0): Promise<void> {
  const trial = join(dir, `.lanswarm-${crypto.randomUUID()}`);
  try {
    await Deno.writeFile(trial, new Uint8Array(length), { createNew: true });
  } finally {
    // Harmless if it fails, as where a virus scanner on Windows reads the file.
    await Deno.remove(trial).catch(() => {});
  }
}
