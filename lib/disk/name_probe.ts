/**
 * Checks before anything is stored that the file system takes each name of a
 * torrent, and that no two of its files become one there. Sticks and shares often
 * hold a file system of another kind than the machine's own, so its rules are
 * probed, with empty files in a temporary folder. A folder that cannot be written
 * is not probed, as nothing will be stored there either.
 *
 * @module
 */
import { join } from "@std/path";
import { quote, StorageError } from "../base/errors.ts";
import { findComponentFault, foldName } from "../metainfo/safe_path.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import { isUnwritable, openOwnFolder, OWN_FOLDER } from "./own_folder.ts";
import { errorCode, storageFailure } from "./storage_failure.ts";

/** Longest name that an encrypted file system takes, in bytes of UTF-8. */
const SHORT_NAME_LENGTH = 143;
/** Unusual names of one torrent that are probed; it may have a million. */
const MAX_PROBED_NAMES = 100;
/** Errors that concern the name alone; a full disk, for one, says nothing of it. */
const NAME_ERRORS: readonly unknown[] = ["ENAMETOOLONG", "EILSEQ", "EINVAL"];

const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;

/** Gives one spelling to all names that differ in one way, which some file systems ignore. */
type Fold = (name: string) => string;

/** Two names for each fold, which differ in that way alone. In the order to apply. */
const FOLDS: readonly (readonly [Fold, string, string])[] = [
  // Accents, on macOS and on ZFS.
  [(name) => name.normalize("NFD"), "\u00e9", "e\u0301"],
  // Invisible characters, on ext4 and F2FS with case folding.
  [(name) => name.replace(INVISIBLE, ""), "invisible", "in\u200dvisible"],
  // Case letter by letter, on NTFS and FAT.
  [(name) => foldName(name, "windows"), "case", "CASE"],
  // Case with letters that become two, on macOS, ext4 and F2FS.
  [(name) => name.toLowerCase().toUpperCase(), "\u00df", "ss"],
  // Dots and spaces at the end, on FAT and on shares of Windows machines.
  [(name) => name.replace(/[. ]+$/, ""), "end", "end."],
];

/**
 * Checks that each file of a torrent has a place of its own below `dir`.
 * @throws {StorageError} If the file system does not take a name, or takes two
 * names for one.
 */
export async function probeNames(
  { files }: Torrent,
  dir: string,
): Promise<void> {
  await checkLongestPath(files, dir);
  const unusual = findUnusualNames(files);
  const mayCollide = findCollision(files) !== undefined;
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
    const folds = mayCollide ? await probeFolds(folder) : [];
    const collision = findCollision(files, folds);
    if (collision === undefined) return;
    const [other, path] = collision;
    throw new StorageError(
      `Cannot store ${join(dir, ...path)}: the file system there does not ` +
        `tell its name from ${quote(other.join("/"))}; ` +
        "choose a folder on another one",
    );
  } finally {
    await Deno.remove(folder, { recursive: true })
      // Harmless: empty files in the program's own folder.
      .catch(() => {});
  }
}

/** The system limits the length of a whole path, whether or not it exists. */
async function checkLongestPath(
  files: readonly TorrentFile[],
  dir: string,
): Promise<void> {
  let longest = "";
  for (const { path, isPadding } of files) {
    const joined = isPadding ? "" : path.join("/");
    if (joined.length > longest.length) longest = joined;
  }
  const path = join(dir, longest);
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
  for (const { path, isPadding } of files) {
    if (isPadding) continue;
    for (const [index, name] of path.entries()) {
      if (!isUnusual(name) || unusual.has(name)) continue;
      unusual.set(name, path.slice(0, index + 1));
      if (unusual.size === MAX_PROBED_NAMES) return unusual;
    }
  }
  return unusual;
}

function isUnusual(name: string): boolean {
  // Plain, as most names: the other checks take five times as long.
  if (
    /^(?!con|prn|aux|nul|com|lpt)\w[\w -]{0,100}\w(\.\w{1,4})?$/i.test(name)
  ) return false;
  return new TextEncoder().encode(name).length > SHORT_NAME_LENGTH ||
    findComponentFault(name, "windows") !== undefined;
}

/** A file, or a folder above one. */
interface Place {
  readonly number: number;
  readonly path: readonly string[];
  readonly isFile: boolean;
}

/**
 * The first two paths that are one if the file system ignores what the folds do:
 * two files, or a file and a folder. Folders may share a place.
 * @param folds All by default.
 */
export function findCollision(
  files: readonly TorrentFile[],
  folds: readonly Fold[] = FOLDS.map(([fold]) => fold),
): [readonly string[], readonly string[]] | undefined {
  /** By the number of the folder above, and the folded name in it. */
  const places = new Map<string, Place>();
  const fold = composeFolds(folds);
  for (const { path, isPadding } of files) {
    if (isPadding) continue;
    let folder = 0;
    for (const [index, name] of path.entries()) {
      const isFile = index === path.length - 1;
      const ownPath = isFile ? path : path.slice(0, index + 1);
      const key = `${folder}/${fold(name)}`;
      const place = places.get(key) ??
        { number: places.size + 1, path: ownPath, isFile };
      if (place.path !== ownPath && (isFile || place.isFile)) {
        return [place.path, ownPath];
      }
      places.set(key, place);
      folder = place.number;
    }
  }
  return undefined;
}

function composeFolds(folds: readonly Fold[]): Fold {
  const foldAll: Fold = (name) =>
    folds.reduce((folded, fold) => fold(folded), name);
  const ignoresCase = foldAll("a") === foldAll("A");
  return (name) => {
    // Plain ASCII, as most names: a torrent may have a million.
    if (!/^[ -~]*[!-\-/-~]$/.test(name)) return foldAll(name);
    return ignoresCase ? name.toUpperCase() : name;
  };
}

/** The folds whose differences the file system of a folder ignores. */
async function probeFolds(folder: string): Promise<Fold[]> {
  const folds: Fold[] = [];
  for (const [fold, name, other] of FOLDS) {
    await createEmpty(join(folder, name));
    // It fails if `other` is another name, or none that the file system takes.
    await Deno.lstat(join(folder, other)).then(
      () => folds.push(fold),
      () => {},
    );
  }
  return folds;
}

/** An empty folder; `undefined` if none can be made. */
async function makeProbeFolder(dir: string): Promise<string | undefined> {
  try {
    await openOwnFolder(dir).makeFolders([OWN_FOLDER, "names"]);
    const own = join(dir, OWN_FOLDER);
    return await Deno.makeTempDir({ dir: own, prefix: "names-" });
  } catch (error) {
    if (isUnwritable(error)) return undefined;
    throw error;
  }
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
