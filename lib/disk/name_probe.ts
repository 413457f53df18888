/**
 * Checks before anything is stored that the file system takes each name of a
 * torrent, and that no two of its files become one there. Sticks and shares often
 * hold a file system of another kind than the machine's own, so its rules are
 * probed, with empty files in a temporary folder. A folder that cannot be written
 * is not probed, as nothing will be stored there either.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import type { Bitfield } from "../base/bitfield.ts";
import { quote, StorageError } from "../base/errors.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import { findComponentFault, foldFully } from "../metainfo/safe_path.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import { withDescriptor } from "./file_pool.ts";
import { isUnwritable, OwnFolder } from "./own_folder.ts";
import { errorCode, storageFailure } from "../files/storage_failure.ts";

/** Longest name that an encrypted file system takes, in bytes of UTF-8. */
const SHORT_NAME_LENGTH = 143;
/** Most names: the other checks of a name take five times as long. */
const PLAIN_NAME =
  /^(?!con|prn|aux|nul|com|lpt)\w[\w -]{0,100}\w(\.\w{1,4})?$/i;
/** Unusual names of one torrent that are probed; it may have a million. */
const MAX_PROBED_NAMES = 100;
/** Pairs of similar paths that are probed. */
const MAX_PROBED_PAIRS = 1000;
/**
 * Errors that concern the name alone, with those that explain them; a full disk, for
 * one, says nothing of it. The driver of exFAT finds no file of a name that it forbids.
 */
const NAME_ERRORS: ReadonlyMap<unknown, string> = new Map([
  ["ENAMETOOLONG", "ENAMETOOLONG"],
  ...["EILSEQ", "EINVAL", "ENOENT"].map((code) => [code, "EILSEQ"] as const),
]);

/**
 * Checks that each file of a torrent that is wanted has a place of its own below `dir`.
 * @throws {StorageError} If the file system does not take a name, or takes two
 * names for one.
 */
export async function probeNames(
  torrent: Torrent,
  { dir, wanted, fdPressure }: {
    readonly dir: string;
    readonly wanted?: Bitfield | undefined;
    readonly fdPressure?: FdPressure;
  },
): Promise<void> {
  const files = wanted === undefined
    ? torrent.files
    : torrent.files.filter((_, index) => wanted.has(index));
  await checkLongestPath(files, dir);
  const unusual = findUnusualNames(files);
  const similar = similarPaths(files).take(MAX_PROBED_PAIRS).toArray();
  if (unusual.size === 0 && similar.length === 0) return;
  let folder: string;
  try {
    folder = await new OwnFolder(dir).makeTempDir("names-");
  } catch (error) {
    if (isUnwritable(error)) return;
    throw error;
  }
  try {
    for (const [name, path] of unusual) {
      const error = await createEmpty(join(folder, name), fdPressure);
      const code = NAME_ERRORS.get(errorCode(error));
      if (code === undefined) continue;
      throw storageFailure("use", join(dir, ...path), code);
    }
    for (const [index, [other, path]] of similar.entries()) {
      const pair = join(folder, `pair ${index}`);
      await createEmpty(join(pair, ...other), fdPressure);
      // It fails if the path is another one, or none that the file system takes.
      const isSame = await Deno.lstat(join(pair, ...path)).catch(() => false);
      if (isSame === false) continue;
      throw new StorageError(
        `Cannot store ${join(dir, ...path)}: the file system there does not ` +
          `tell its name from ${quote(other.join("/"))}; ` +
          "choose a folder on another one",
      );
    }
  } finally {
    const remove = () => Deno.remove(folder, { recursive: true });
    await withDescriptor(remove, fdPressure)
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
  if (PLAIN_NAME.test(name)) return false;
  return new TextEncoder().encode(name).length > SHORT_NAME_LENGTH ||
    findComponentFault(name, "windows") !== undefined;
}

/** All paths that some file system takes for one. */
interface Place {
  readonly number: number;
  readonly files: (readonly string[])[];
  /** By their exact path. */
  readonly folders: Map<string, readonly string[]>;
}

/**
 * Pairs of paths that some file system takes for one: of two files, or of a file and
 * a folder. Folders may share a place.
 */
export function* similarPaths(
  files: readonly TorrentFile[],
): Generator<readonly [readonly string[], readonly string[]], undefined> {
  /** By the number of the folder above, and the folded name in it. */
  const places = new Map<string, Place>();
  for (const { path, isPadding } of files) {
    if (isPadding) continue;
    let folder = 0;
    for (const [index, name] of path.entries()) {
      const isFile = index === path.length - 1;
      const own = isFile ? path : path.slice(0, index + 1);
      const key = `${folder}/${foldFully(name)}`;
      const place: Place = places.get(key) ??
        { number: places.size + 1, files: [], folders: new Map() };
      places.set(key, place);
      folder = place.number;
      const exact = own.join("/");
      // A folder is met with each of its files.
      if (!isFile && place.folders.has(exact)) continue;
      for (const other of place.files) yield [other, own];
      if (isFile) {
        for (const other of place.folders.values()) yield [other, own];
        place.files.push(own);
      } else place.folders.set(exact, own);
    }
  }
}

/** Creates an empty file and its folders; the error, if the system refuses. */
async function createEmpty(
  path: string,
  fdPressure?: FdPressure,
): Promise<unknown> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    const open = () => Deno.open(path, { write: true, create: true });
    (await withDescriptor(open, fdPressure)).close();
    return undefined;
  } catch (error) {
    return error;
  }
}
