/**
 * Creates files with all of their content, many at a time. Invariant: only in folders
 * of the program's own that nobody else can exchange, as each file is confirmed by one
 * stat; the folders above it, once a second for all.
 *
 * @module
 */
import { type FileStamp, stampOf } from "./file_system.ts";
import type { GuardedFolder } from "./guarded_folder.ts";
import { requireRegularFile } from "./links.ts";

/** A file to create. */
export interface NewFile {
  readonly path: readonly string[];
  readonly bytes: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

/** A file that was created: open, and not flushed. */
export interface CreatedFile {
  readonly file: Deno.FsFile;
  /** Its state with all content. */
  readonly stamp: FileStamp;
}

/**
 * Creates a file and writes all of it; `undefined` if anything is in the way, which
 * `GuardedFolder.open` meets again: it makes folders, explains errors and takes what is
 * there.
 */
export async function createFile(
  { fileSystem, paths }: GuardedFolder,
  { path, bytes, mode }: NewFile,
): Promise<CreatedFile | undefined> {
  if (!paths.isKeptOurs(path)) return undefined;
  const place = paths.pathOf(path);
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
