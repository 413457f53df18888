/**
 * Loads the torrents that a command line names, by path or by URL, and explains
 * files that are no torrent files.
 *
 * @module
 */
import { basename, extname, resolve } from "@std/path";
import {
  fetchTorrent,
  foldName,
  loadTorrentFile,
  MetainfoError,
  type Platform,
  platformOf,
  StorageError,
  type Torrent,
} from "../mod.ts";
import { invocationOf, quoted } from "./command_words.ts";
import {
  EXIT_CODES,
  type ExitCode,
  ProgramError,
  UsageError,
} from "./program_error.ts";

/** Whether an argument is the URL of a torrent file and not its path. */
export function isTorrentUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/** Options of {@linkcode loadTorrent}. */
export interface LoadTorrentOptions {
  /** Ends a fetch; the promise then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * Loads a torrent from a path or a URL.
 * @throws {StorageError} If the file cannot be read.
 * @throws {FetchError} If the URL cannot be fetched.
 * @throws {MetainfoError | ProgramError} If it is not a valid torrent file.
 */
export async function loadTorrent(
  source: string,
  options: LoadTorrentOptions,
): Promise<Torrent> {
  try {
    return isTorrentUrl(source)
      ? await fetchTorrent(source, options)
      : await loadTorrentFile(source);
  } catch (error) {
    const fault = await findFault(source, error);
    if (fault === undefined) throw error;
    const { reason, remedy, exitCode } = fault;
    throw new ProgramError(
      `cannot read ${source} as a torrent file: it ${reason}; ${remedy}`,
      { exitCode, cause: error },
    );
  }
}

/** Why something is no torrent file at all. */
interface Fault {
  readonly reason: string;
  readonly remedy: string;
  readonly exitCode: ExitCode;
}

/** The fault that `error` is about; `undefined` if its message needs no more. */
async function findFault(
  source: string,
  error: unknown,
): Promise<Fault | undefined> {
  if (error instanceof StorageError && await isFolder(source)) {
    const remedy = createRemedy(source, "folder");
    return { reason: "is a folder", remedy, exitCode: EXIT_CODES.failed };
  }
  // The field "torrent" is the file as a whole.
  if (!(error instanceof MetainfoError) || error.field !== "torrent") return;
  const exitCode = EXIT_CODES.invalidTorrent;
  if (isTorrentUrl(source)) {
    const remedy = "give the URL of the .torrent file itself";
    return { reason: error.reason, remedy, exitCode };
  }
  return {
    reason: await beginsAsDictionary(source)
      ? error.reason
      : 'does not begin with "d" (a bencoded dictionary)',
    remedy: /\.torrent$/i.test(source)
      ? "get a fresh copy of the torrent file"
      : createRemedy(source, "file"),
    exitCode,
  };
}

function createRemedy(path: string, kind: "file" | "folder"): string {
  const word = (text: string): string =>
    quoted(text, platformOf(Deno.build.os));
  const name = basename(resolve(path));
  const stem = kind === "folder" ? name : basename(name, extname(name));
  return `to share the ${kind}, first make a torrent of it: ${
    invocationOf("create")
  } ${word(path)} http://HOST:8000/announce ${word(`${stem}.torrent`)}`;
}

async function isFolder(path: string): Promise<boolean> {
  // An error here is the one that is being explained.
  return (await Deno.stat(path).catch(() => undefined))?.isDirectory === true;
}

async function beginsAsDictionary(path: string): Promise<boolean> {
  const start = new Uint8Array(1);
  using file = await Deno.open(path);
  await file.read(start);
  return start[0] === "d".charCodeAt(0);
}

/**
 * Checks that one peer can share the torrents from `sources`, in the same order.
 * @throws {UsageError} If two of them are the same, or write the same files on
 * `platform`.
 */
export function checkDistinct(
  torrents: readonly Torrent[],
  sources: readonly string[],
  platform: Platform,
): void {
  const seen = new Map<string, { torrent: Torrent; source: string }>();
  for (const [index, torrent] of torrents.entries()) {
    const source = sources[index]!;
    const place = foldName(torrent.name, platform);
    const other = seen.get(place);
    if (other === undefined) {
      seen.set(place, { torrent, source });
    } else if (other.torrent.infoHash === torrent.infoHash) {
      throw new UsageError(
        other.source === source
          ? `${source} is given twice`
          : `${other.source} and ${source} are the same torrent; give it once`,
      );
    } else {
      throw new UsageError(
        `two torrents are stored as ${
          JSON.stringify(torrent.name)
        }; run a peer for each, with a --dir of its own`,
      );
    }
  }
}
