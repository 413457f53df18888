/**
 * Loads the torrents that a command line names, by path or by URL, and explains
 * files that are no torrent files.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { basename, extname, resolve } from "@std/path";
import {
  FetchError,
  fetchTorrent,
  type FetchTorrentOptions,
  foldFully,
  joinSignals,
  loadTorrentFile,
  MetainfoError,
  readUrl,
  StorageError,
  type Torrent,
  trimText,
} from "../mod.ts";
import { invocationOf, quoted } from "./command_words.ts";
import { readArgument } from "./flags.ts";
import { EXIT_CODES, ProgramError, UsageError } from "./program_error.ts";
import { type RetryOptions, withRetries } from "./retry.ts";

/** Torrents loaded at once: each needs a file or a connection. */
const MAX_LOADS = 16;

/** True if an argument is the URL of a torrent file and not its path. */
export function isTorrentUrl(source: string): boolean {
  return /^https?:\/\//i.test(trimText(source));
}

/**
 * Reads the argument TORRENT: a path as it is, a URL as it is requested.
 * @throws {UsageError} If an invisible character stands in a URL.
 */
export function readTorrentSource(source: string): string {
  return isTorrentUrl(source)
    ? readArgument("TORRENT", source, readUrl)
    : source;
}

/** Options for {@linkcode loadTorrents}. */
export type LoadTorrentsOptions =
  & Omit<RetryOptions, "isTemporary">
  & Pick<FetchTorrentOptions, "permits">;

/**
 * Loads torrents from paths and URLs. Waits for servers that are not up yet; the
 * first failure ends the waiting.
 * @throws As {@linkcode loadTorrent}, and a ProgramError when the time is over.
 */
export async function loadTorrents(
  sources: readonly string[],
  options: LoadTorrentsOptions,
): Promise<Torrent[]> {
  const failing = new AbortController();
  using joined = joinSignals(options.signal, failing.signal);
  const { signal } = joined;
  const load = (source: string): Promise<Torrent> =>
    withRetries(() => loadTorrent(source, { ...options, signal }), {
      ...options,
      signal,
      isTemporary: (error) => error instanceof FetchError && error.isTemporary,
    });
  const torrents: Torrent[] = [];
  const pending = sources.entries();
  const loadPending = async (): Promise<void> => {
    for (const [index, source] of pending) torrents[index] = await load(source);
  };
  try {
    await Promise.all(Array.from({ length: MAX_LOADS }, loadPending));
    return torrents;
  } catch (error) {
    failing.abort();
    throw error;
  }
}

/**
 * Loads a torrent from a path or a URL.
 * @throws {StorageError} If the file cannot be read.
 * @throws {FetchError} If the URL cannot be fetched.
 * @throws {MetainfoError | ProgramError} If it is not a valid torrent file.
 */
export async function loadTorrent(
  source: string,
  options: FetchTorrentOptions & { readonly signal: AbortSignal },
): Promise<Torrent> {
  try {
    return isTorrentUrl(source)
      ? await fetchTorrent(source, options)
      // The open of a named pipe waits for a writer.
      : await abortable(loadTorrentFile(source), options.signal);
  } catch (error) {
    const fault = await findFault(source, error);
    if (fault === undefined) throw error;
    const isInvalid = error instanceof MetainfoError;
    throw new ProgramError(
      `cannot read ${source} as a torrent file: it ${fault.reason}; ${fault.remedy}`,
      {
        exitCode: isInvalid ? EXIT_CODES.invalidTorrent : EXIT_CODES.failed,
        cause: error,
      },
    );
  }
}

/** The reason why something is no torrent file at all, and the remedy. */
interface Fault {
  readonly reason: string;
  readonly remedy: string;
}

/** The fault that `error` is about; `undefined` if its message needs no more. */
async function findFault(
  source: string,
  error: unknown,
): Promise<Fault | undefined> {
  if (error instanceof StorageError && await isFolder(source)) {
    return { reason: "is a folder", remedy: createRemedy(source, "folder") };
  }
  // The field "torrent" is the file as a whole.
  if (!(error instanceof MetainfoError) || error.field !== "torrent") return;
  const { reason } = error;
  if (isTorrentUrl(source)) {
    return { reason, remedy: "give the URL of the .torrent file itself" };
  }
  const remedy = /\.torrent$/i.test(source)
    ? "get a fresh copy of the torrent file"
    : createRemedy(source, "file");
  if (await beginsAsDictionary(source)) return { reason, remedy };
  return { reason: 'does not begin with "d" (a bencoded dictionary)', remedy };
}

function createRemedy(path: string, kind: "file" | "folder"): string {
  const name = basename(resolve(path));
  const stem = kind === "folder" ? name : basename(name, extname(name));
  return `to share the ${kind}, first make a torrent of it: ${
    invocationOf("create")
  } ${quoted(path)} http://HOST:8000/announce ${quoted(`${stem}.torrent`)}`;
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
 * @throws {UsageError} If two of them are the same, or write the same files on some
 * file system.
 */
export function checkDistinct(
  torrents: readonly Torrent[],
  sources: readonly string[],
): void {
  const places = torrents.map(({ name }) => foldFully(name));
  for (const [index, { infoHash, name }] of torrents.entries()) {
    const first = places.indexOf(places[index]!);
    if (first === index) continue;
    const [one, other] = [sources[first]!, sources[index]!];
    if (torrents[first]!.infoHash !== infoHash) {
      throw new UsageError(
        `two torrents are stored as ${
          JSON.stringify(name)
        }; run a peer for each, with a --dir of its own`,
      );
    }
    throw new UsageError(
      one === other
        ? `${one} is given twice`
        : `${one} and ${other} are the same torrent; give it once`,
    );
  }
}
