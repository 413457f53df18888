/**
 * Checks before anything is stored that the file system takes each name of a
 * torrent and that no two of its files become one there. Sticks and shares often
 * hold a file system of another kind than the system's own, so the rules are not
 * assumed but probed, with empty files in a temporary folder. A folder that
 * cannot be written is not probed, as nothing will be stored there either.
 *
 * @module
 */
import { join } from "@std/path";
import { quote, StorageError } from "../base/errors.ts";
import { findComponentFault, foldName } from "../metainfo/safe_path.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import { isUnwritable, makeOwnFolder } from "./own_folder.ts";
import { errorCode, storageFailure } from "./storage_failure.ts";

/** The longest name that an encrypted file system takes, in bytes of UTF-8. */
const SHORT_NAME_LENGTH = 143;
/** Unusual names of one torrent that are probed; it may have a million. */
const MAX_PROBED_NAMES = 100;
/** Errors that concern the name alone; a full disk, for one, says nothing of it. */
const NAME_ERRORS: readonly unknown[] = ["ENAMETOOLONG", "EILSEQ", "EINVAL"];

/** A difference between names that some file systems ignore. */
export interface Fold {
  /** Two names that differ in nothing else. */
  readonly probe: readonly [string, string];
  /** One spelling for all names that differ in nothing else. */
  readonly fold: (name: string) => string;
}

/** In the order in which they are applied. */
const FOLDS: readonly Fold[] = [
  // How accents are written: APFS, HFS+, ZFS with normalization.
  { probe: ["\u00e9", "e\u0301"], fold: (name) => name.normalize("NFD") },
  // Characters without a glyph: ext4 and F2FS with case folding, HFS+.
  {
    probe: ["invisible", "in\u200dvisible"],
    fold: (name) => name.replace(/\p{Default_Ignorable_Code_Point}/gu, ""),
  },
  // Case, letter by letter: NTFS, exFAT, FAT, APFS.
  { probe: ["case", "CASE"], fold: (name) => foldName(name, "windows") },
  // Case with letters that become two: APFS, ext4 and F2FS with case folding.
  {
    probe: ["stra\u00dfe", "strasse"],
    fold: (name) => name.toLowerCase().toUpperCase(),
  },
  // Dots and spaces at the end: FAT, shares of Windows machines.
  { probe: ["end", "end."], fold: (name) => name.replace(/[. ]+$/, "") },
];

/**
 * Checks that each file of a torrent has a place of its own below `dir`.
 * @throws {StorageError} If the file system does not take a name, or takes two
 * names for one.
 */
export async function probeNames(torrent: Torrent, dir: string): Promise<void> {
  await checkLongestPath(torrent, dir);
  const unusual = findUnusualNames(torrent.files);
  const mayCollide = findCollision(torrent.files) !== undefined;
  if (unusual.size === 0 && !mayCollide) return;
  const folder = await makeProbeFolder(dir);
  if (folder === undefined) return;
  try {
    for (const [name, path] of unusual) {
      const error = await createEmpty(join(folder, name));
      if (NAME_ERRORS.includes(errorCode(error))) {
        throw storageFailure("use", join(dir, ...path), error);
      }
    }
    if (mayCollide) await checkCollisions(torrent.files, { folder, dir });
  } finally {
    await Deno.remove(folder, { recursive: true })
      // Harmless: empty files in the program's own folder.
      .catch(() => {});
  }
}

/** The system limits the length of a whole path, whether or not it exists. */
async function checkLongestPath(
  { files }: Torrent,
  dir: string,
): Promise<void> {
  let longest: readonly string[] = [];
  let longestLength = 0;
  for (const { path, isPadding } of files) {
    const length = path.reduce((sum, name) => sum + name.length + 1, 0);
    if (isPadding || length <= longestLength) continue;
    longest = path;
    longestLength = length;
  }
  const path = join(dir, ...longest);
  try {
    await Deno.lstat(path);
  } catch (error) {
    // Any other error is reported once the file is used.
    if (errorCode(error) !== "ENAMETOOLONG") return;
    throw storageFailure("use", path, error);
  }
}

/** Names that are long or that Windows forbids, each with the first path that ends in it. */
export function findUnusualNames(
  files: readonly TorrentFile[],
): Map<string, readonly string[]> {
  const unusual = new Map<string, readonly string[]>();
  let previous: readonly string[] = [];
  for (const { path, isPadding } of files) {
    if (isPadding) continue;
    for (const [index, name] of path.entries()) {
      if (name === previous[index] || unusual.has(name)) continue;
      if (isUnusual(name)) unusual.set(name, path.slice(0, index + 1));
      if (unusual.size === MAX_PROBED_NAMES) return unusual;
    }
    previous = path;
  }
  return unusual;
}

function isUnusual(name: string): boolean {
  // Most names are plain; the check below takes five times as long.
  const isPlain = /^(?!con|prn|aux|nul|com|lpt)\w[\w -]{0,100}\w(\.\w{1,4})?$/i
    .test(name);
  return !isPlain &&
    (new TextEncoder().encode(name).length > SHORT_NAME_LENGTH ||
      findComponentFault(name, "windows") !== undefined);
}

/** An empty folder; `undefined` if none can be made. */
async function makeProbeFolder(dir: string): Promise<string | undefined> {
  try {
    const own = await makeOwnFolder(dir);
    return await Deno.makeTempDir({ dir: own, prefix: "names-" });
  } catch (error) {
    if (isUnwritable(error)) return undefined;
    throw error;
  }
}

async function checkCollisions(
  files: readonly TorrentFile[],
  { folder, dir }: { readonly folder: string; readonly dir: string },
): Promise<void> {
  const folds: Fold[] = [];
  for (const fold of FOLDS) {
    const [first, second] = fold.probe.map((name) => join(folder, name));
    await createEmpty(first!);
    if (await exists(second!)) folds.push(fold);
  }
  const collision = findCollision(files, folds);
  if (collision === undefined) return;
  throw new StorageError(
    `Cannot store ${
      join(dir, ...collision.path)
    }: the file system there does ` +
      `not tell its name from ${quote(collision.other.join("/"))}; ` +
      "choose a folder on another one",
  );
}

/** Two paths that are one. */
export interface Collision {
  readonly path: readonly string[];
  /** The one that comes first in the torrent. */
  readonly other: readonly string[];
}

/** A file, or a folder above one. */
interface Place {
  readonly number: number;
  readonly path: readonly string[];
  readonly isFile: boolean;
}

/**
 * The first file whose place on the disk another file or a folder has already,
 * if the file system ignores `folds`. Folders may share a place.
 */
export function findCollision(
  files: readonly TorrentFile[],
  folds: readonly Fold[] = FOLDS,
): Collision | undefined {
  /** By the number of the folder above, and the folded name in it. */
  const places = new Map<string, Place>();
  const fold = composeFolds(folds);
  let previous: readonly string[] = [];
  /** The folders above the previous file, the topmost first. */
  let folders: Place[] = [];
  for (const { path, isPadding } of files) {
    if (isPadding) continue;
    let depth = 0;
    while (depth < folders.length && path[depth] === previous[depth]) depth++;
    folders = folders.slice(0, Math.min(depth, path.length - 1));
    for (depth = folders.length; depth < path.length; depth++) {
      const isFile = depth === path.length - 1;
      const key = `${folders.at(-1)?.number ?? 0}/${fold(path[depth]!)}`;
      let place = places.get(key);
      if (place === undefined) {
        const placePath = isFile ? path : path.slice(0, depth + 1);
        place = { number: places.size + 1, path: placePath, isFile };
        places.set(key, place);
      } else if (isFile || place.isFile) {
        return { path: path.slice(0, depth + 1), other: place.path };
      }
      if (!isFile) folders.push(place);
    }
    previous = path;
  }
  return undefined;
}

/** All folds in one function, fast for plain names: there may be a million. */
function composeFolds(folds: readonly Fold[]): (name: string) => string {
  const foldAll = (name: string): string =>
    folds.reduce((folded, { fold }) => fold(folded), name);
  const ignoresCase = foldAll("a") === foldAll("A");
  return (name) => {
    if (!/^[ -~]*[!-\-/-~]$/.test(name)) return foldAll(name);
    return ignoresCase ? name.toUpperCase() : name;
  };
}

/** Creates an empty file; the error, if the system refuses. */
async function createEmpty(path: string): Promise<unknown> {
  try {
    (await Deno.open(path, { write: true, create: true })).close();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    // Also where the second name is refused, as by a file system without é.
    return false;
  }
}
