/**
 * Creates files with all of their content, many at a time. Invariant: only in folders
 * of the program's own that nobody else can exchange, as each file is confirmed by one
 * stat; the folders above it, once a second for all.
 *
 * @module
 */
import { stampOf } from "./file_system.ts";
import type { GuardedFile, GuardedFolder } from "./guarded_folder.ts";
import { requireRegularFile } from "./links.ts";

/**
 * Creates a file and writes all of it; `undefined` if anything is in the way, which
 * `GuardedFolder.open` meets again: it makes folders, explains errors and takes what is
 * there.
 * @param options Its content and permission bits.
 * @returns The file, open and not flushed, and its stamp with all content.
 */
export async function createFile(
  folder: GuardedFolder,
  path: readonly string[],
  { bytes, mode }: { readonly bytes: Uint8Array; readonly mode: number },
): Promise<Pick<GuardedFile, "file" | "stamp"> | undefined> {
  if (!folder.isKeptOurs(path)) return undefined;
  const { fileSystem } = folder;
  const place = folder.pathOf(path);
  const access = { read: true, write: true, createNew: true, mode };
  let opened: Deno.FsFile | undefined;
  try {
    const opening = fileSystem.open(place, access);
    const file = opening instanceof Promise ? await opening : opening;
    opened = file;
    const written = fileSystem.write(file, 0, bytes);
    if (written instanceof Promise) await written;
    const found = fileSystem.lstat(place);
    const info = found instanceof Promise ? await found : found;
    requireRegularFile(place, info);
    return { file, stamp: stampOf(info) };
  } catch {
    opened?.close();
    return undefined;
  }
}
