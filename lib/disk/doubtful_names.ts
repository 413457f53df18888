/**
 * Which names of a torrent a file system may not take, or not tell apart: file
 * systems of other systems are found everywhere, on sticks and on shares. Says
 * what is in doubt, touches nothing.
 *
 * @module
 */
import { findComponentFault } from "../metainfo/safe_path.ts";
import type { TorrentFile } from "../metainfo/torrent.ts";

/** What every file system takes that lies on an encrypted one, in bytes of UTF-8. */
const SHORT_NAME_LENGTH = 143;
/** Names of one torrent that are looked at for themselves; it may have a million. */
const MAX_NAMES = 100;

/** A path of a file or of a folder. */
export interface Place {
  /** Components, the torrent's name first. */
  readonly path: readonly string[];
  readonly isFile: boolean;
}

/** What is to be tried before anything is stored. */
export interface DoubtfulNames {
  /** Those with a name that is long or that some system forbids. */
  readonly odd: readonly Place[];
  /** Those that are one where neither case nor accents count, by what they are then. */
  readonly alike: readonly (readonly Place[])[];
}

/** Finds what is in doubt. */
export function findDoubtfulNames(
  files: readonly TorrentFile[],
): DoubtfulNames {
  return { odd: findOdd(files), alike: findAlike(files) };
}

function findOdd(files: readonly TorrentFile[]): Place[] {
  const places = new Map<string, Place>();
  for (const { path, isFile } of placesOf(files)) {
    if (places.size >= MAX_NAMES) break;
    const name = path.at(-1)!;
    if (!places.has(name) && isOdd(name)) places.set(name, { path, isFile });
  }
  return [...places.values()];
}

function isOdd(name: string): boolean {
  // Most names; the rest takes five times as long.
  if (
    /^(?!con|prn|aux|nul|com|lpt)\w[\w -]{0,100}\w(\.\w{1,4})?$/i.test(name)
  ) {
    return false;
  }
  return new TextEncoder().encode(name).length > SHORT_NAME_LENGTH ||
    findComponentFault(name, "windows") !== undefined;
}

function findAlike(files: readonly TorrentFile[]): Place[][] {
  // First by hashes alone: texts of a million paths would take 200 MB.
  const hashes = hashesOf(files);
  const repeated = repeatedIn(hashes);
  if (repeated.size === 0) return [];
  const groups = new Map<string, Place[]>();
  let at = 0;
  for (const place of placesOf(files)) {
    if (!repeated.has(hashes[at++]!)) continue;
    const key = place.path.map(fold).join("/");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [place]);
    else group.push(place);
  }
  return [...groups.values()].filter((group) =>
    // Folders that become one do no harm.
    group.length > 1 && group.some(({ isFile }) => isFile)
  );
}

/** A number for each of {@linkcode placesOf}, the same for those that are alike. */
function hashesOf(files: readonly TorrentFile[]): number[] {
  const hashes: number[] = [];
  let previous: readonly string[] = [];
  /** Of the folders of the previous path, the topmost first. */
  let chain: number[] = [];
  for (const { path } of placesOf(files)) {
    let depth = 0;
    while (depth < path.length - 1 && path[depth] === previous[depth]) depth++;
    chain = chain.slice(0, depth);
    for (; depth < path.length; depth++) {
      chain.push(hashOf(fold(path[depth]!), chain[depth - 1]));
    }
    hashes.push(chain.at(-1)!);
    previous = path;
  }
  return hashes;
}

/** Every file that will be on the disk, and every folder above one. */
function* placesOf(files: readonly TorrentFile[]): Generator<Place, void> {
  const folders = new Set<string>();
  for (const { path, isPadding } of files) {
    if (isPadding) continue;
    for (let depth = path.length - 1; depth > 0; depth--) {
      const folder = path.slice(0, depth);
      const spelling = folder.join("/");
      if (folders.has(spelling)) break;
      folders.add(spelling);
      yield { path: folder, isFile: false };
    }
    yield { path, isFile: true };
  }
}

function repeatedIn(hashes: readonly number[]): Set<number> {
  const sorted = Uint32Array.from(hashes).sort();
  const repeated = new Set<number>();
  for (let at = 1; at < sorted.length; at++) {
    if (sorted[at] === sorted[at - 1]) repeated.add(sorted[at]!);
  }
  return repeated;
}

/** FNV-1a, which begins where that of the folder ended. */
function hashOf(name: string, folderHash = 0x811c9dc5): number {
  let hash = Math.imul(folderHash ^ 0x2f, 0x01000193);
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * One spelling for all that any file system takes for one name: some know no
 * case, some no difference in how accents are written, some pass over characters
 * that are not seen, some drop dots and spaces at the end.
 */
function fold(name: string): string {
  // Most names; a fifth of the time.
  if (/^[ -~]*[\w)]$/.test(name)) return name.toLowerCase();
  return name.normalize("NFD")
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .toUpperCase().toLowerCase().replace(/[. ]+$/, "");
}
