/**
 * Tries the names of a torrent that are in doubt, before anything is fetched: the
 * file system says what it takes, and what it takes for the same, in a folder of
 * our own that is gone afterwards. Where nothing can be written nothing is tried,
 * as nothing will be stored there.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { dirname, join } from "@std/path";
import { quote, StorageError } from "../base/errors.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { findDoubtfulNames, type Place } from "./doubtful_names.ts";
import { makeOwnFolder } from "./own_folder.ts";
import { errorCode, storageFailure } from "./storage_failure.ts";

/** What a file system says of a name, not of itself. */
const REFUSALS: readonly unknown[] = ["ENAMETOOLONG", "EILSEQ", "EINVAL"];
/** Longest path that is tried below the trial's folder, in UTF-16 units. */
const MAX_TRIED_LENGTH = 1024;
/** Names tried before the thread's other work has its turn: some 10 ms. */
const TRIALS_IN_A_TURN = 100;

/**
 * Sees that each file of the torrent has a place of its own below `dir`.
 * @throws {StorageError} If the file system does not take a name, or takes two of
 * them for one.
 */
export async function tryNames(torrent: Torrent, dir: string): Promise<void> {
  await tryLength(torrent, dir);
  const { odd, alike } = findDoubtfulNames(torrent.files);
  if (odd.length === 0 && alike.length === 0) return;
  const trial = await openTrial(dir);
  if (trial === undefined) return;
  try {
    let count = 0;
    for (const group of [odd, ...alike]) {
      for (const place of group) {
        if (++count % TRIALS_IN_A_TURN === 0) await delay(0);
        const outcome = make(place, trial);
        if (outcome.type === "refused") {
          throw storageFailure("use", join(dir, ...place.path), outcome.error);
        }
        if (outcome.type === "alike" && group !== odd) {
          throw refuseAlike(place, group[0]!, dir);
        }
      }
    }
  } finally {
    await Deno.remove(trial, { recursive: true })
      // Harmless: empty files among what is our own.
      .catch(() => {});
  }
}

/** The system limits paths as a whole, whatever there is of them. */
async function tryLength({ files }: Torrent, dir: string): Promise<void> {
  let longest: readonly string[] = [];
  let length = 0;
  for (const { path, isPadding } of files) {
    const own = path.reduce((sum, name) => sum + name.length + 1, 0);
    if (isPadding || own <= length) continue;
    longest = path;
    length = own;
  }
  const path = join(dir, ...longest);
  try {
    await Deno.lstat(path);
  } catch (error) {
    if (errorCode(error) === "ENAMETOOLONG") {
      throw storageFailure("use", path, error);
    }
    // It need not be there, and what else is wrong is told when it is used.
  }
}

/** An empty folder; `undefined` where none can be made. */
async function openTrial(dir: string): Promise<string | undefined> {
  try {
    const own = await makeOwnFolder(dir);
    return await Deno.makeTempDir({ dir: own, prefix: "names-" });
  } catch (error) {
    const isExpected = error instanceof StorageError ||
      error instanceof Deno.errors.NotCapable ||
      errorCode(error) !== undefined;
    if (isExpected) return undefined;
    throw error;
  }
}

/** What became of a place that was made for trial. */
type Outcome =
  | { readonly type: "made" }
  /** Another one is there. */
  | { readonly type: "alike" }
  /** The file system does not take its name. */
  | { readonly type: "refused"; readonly error: unknown }
  /** It says nothing of names: a full disk, perhaps. */
  | { readonly type: "unclear" };

function make({ path, isFile }: Place, trial: string): Outcome {
  const place = join(trial, ...path);
  if (place.length - trial.length > MAX_TRIED_LENGTH) {
    return { type: "unclear" };
  }
  try {
    Deno.mkdirSync(isFile ? dirname(place) : place, { recursive: true });
    if (isFile) Deno.openSync(place, { write: true, createNew: true }).close();
    return { type: "made" };
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const { code } = error;
    if (REFUSALS.includes(code)) return { type: "refused", error };
    const isThere = code === "EEXIST" || code === "ENOTDIR" ||
      code === "EISDIR";
    return { type: isThere ? "alike" : "unclear" };
  }
}

function refuseAlike(place: Place, first: Place, dir: string): StorageError {
  const path = join(dir, ...place.path);
  return new StorageError(
    `Cannot store ${path}: the file system there does not tell its name from ` +
      `${quote(first.path.join("/"))}; choose a folder on another one`,
  );
}
