/**
 * Checks before a download that its folder can be written and has room for it.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { partsFolder } from "../disk/file_places.ts";
import { stagingFolder } from "../disk/staged_tree.ts";
import { existingFolder, tryToWrite } from "../files/write_trial.ts";
import type { Bitfield } from "../base/bitfield.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { loadNodeModule } from "../net/node_modules.ts";

/** Bytes of a block in which file systems count what a file takes. */
const BLOCK_LENGTH = 512;

/** The room for a download. Lengths in bytes. */
export interface DownloadRoom {
  /** The folder, or the one above it that exists. */
  readonly path: string;
  /** Bytes still to be written. */
  readonly neededLength: number;
  /** Free for this user; `undefined` where the system does not say. */
  readonly freeLength: number | undefined;
}

/**
 * Measures the room for a torrent's content below `dir`. Without the permission
 * `--allow-sys=statfs` the free space is unknown.
 * @param wanted The files to store, by index. @default {all}
 * @throws {StorageError} If something is to be written and the folder refuses it.
 */
export async function measureRoom(
  torrent: Torrent,
  dir: string,
  wanted?: Pick<Bitfield, "has">,
): Promise<DownloadRoom> {
  const path = await existingFolder(resolve(dir));
  const stored = await storedLength(torrent, dir, wanted);
  const neededLength = torrent.geometry.length - stored;
  if (neededLength > 0) await tryToWrite(path);
  return { path, neededLength, freeLength: freeLength(path) };
}

/** Bytes of the content for which the disk has room already. */
async function storedLength(
  torrent: Torrent,
  dir: string,
  wanted?: Pick<Bitfield, "has">,
): Promise<number> {
  const { name, files } = torrent;
  const parts = join(dir, ...partsFolder(torrent));
  const staged = join(dir, ...stagingFolder(torrent));
  const [isNamed, isStaged, hasParts] = await Promise.all(
    [join(dir, name), staged, parts]
      .map(async (path) => await sizeOnDisk(path) !== undefined),
  );
  const above = isNamed || !isStaged ? dir : staged;
  let sum = 0;
  for (const [index, { path, length, isPadding }] of files.entries()) {
    if (isPadding || wanted?.has(index) === false) {
      sum += length;
      continue;
    }
    let size = isNamed || isStaged
      ? await sizeOnDisk(join(above, ...path))
      : undefined;
    if (hasParts) size ??= await sizeOnDisk(join(parts, String(index)));
    sum += Math.min(length, size ?? 0);
  }
  return sum;
}

/** The space that a file takes, without its holes; `undefined` if it does not exist. */
async function sizeOnDisk(path: string): Promise<number | undefined> {
  try {
    const { size, blocks } = await Deno.stat(path);
    return blocks === null ? size : Math.min(size, blocks * BLOCK_LENGTH);
  } catch {
    // Opening the file later reports the reason.
    return undefined;
  }
}

/**
 * Bytes that are free for this user where `path` is; `undefined` if the system does
 * not say, and without the permission `--allow-sys=statfs`.
 */
export function freeLength(path: string): number | undefined {
  const permission = { name: "sys", kind: "statfs" } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") return;
  try {
    const { bavail, bsize } = loadNodeModule("node:fs").statfsSync(path);
    return bavail * bsize;
  } catch {
    // Some network file systems do not answer; then the first write shows it.
    return undefined;
  }
}
