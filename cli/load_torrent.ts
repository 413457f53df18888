/**
 * Loads the torrents that a command line names, by path, URL or magnet link, and explains
 * files that are no torrent files.
 */
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import type { FetchTorrentOptions } from "../lib/peers.ts";
import {
  foldFully,
  formatMagnetLink,
  isMagnetLink,
  joinSignals,
  loadTorrentFile,
  MetainfoError,
  parseMagnetLink,
  readUrl,
  StorageError,
  type Torrent,
  trimText,
} from "../lib/torrents.ts";
import { invocationOf, quoted } from "./command_words.ts";
import type { FetchMagnetOptions } from "./fetch_magnet.ts";
import { readArgument } from "./flags.ts";
import { EXIT_CODES, ProgramError, UsageError } from "./program_error.ts";
import { isTemporary, withRetries } from "./time_limits.ts";

/** Torrents loaded at once: each needs a file or a connection. */
const MAX_LOADS = 16;
/** Time after which other torrents do not wait for a silent server. */
const FIRST_ANSWER_MS = 3_000;

/** True if an argument is the URL of a torrent file and not its path. */
export function isTorrentUrl(source: string): boolean {
  return /^https?:\/\//i.test(trimText(source));
}

/**
 * Reads the argument TORRENT: a path as it is, a URL as it is requested, and the part
 * of a magnet link that is used.
 * @throws {UsageError} If an invisible character stands in a URL, or a magnet link is
 * malformed.
 */
export function readTorrentSource(source: string): string {
  if (isMagnetLink(source)) {
    const read = (text: string): string =>
      formatMagnetLink(parseMagnetLink(text));
    return readArgument("TORRENT", source, read);
  }
  return isTorrentUrl(source)
    ? readArgument("TORRENT", source, readUrl)
    : source;
}

export interface LoadedTorrent {
  readonly source: string;
  readonly torrent: Torrent;
}

export interface LoadTorrentsOptions
  extends FetchMagnetOptions, Pick<FetchTorrentOptions, "permits"> {
  /** Takes the failure of a source that others do not wait for any more. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Loads torrents from paths, URLs and magnet links, and yields them in groups: first, in order,
 * all that load at once, then those whose servers come up later. A mistake that the
 * first attempts find ends the loads; a later failure concerns its source alone.
 * @throws As {@linkcode loadTorrent} and {@linkcode checkDistinct}.
 */
export async function* loadTorrents(
  sources: readonly string[],
  options: LoadTorrentsOptions,
): AsyncGenerator<readonly LoadedTorrent[], undefined, undefined> {
  const ending = new AbortController();
  using joined = joinSignals(options.signal, ending.signal);
  const { signal } = joined;
  const loading = { ...options, signal };
  const runLimited = limitConcurrency(MAX_LOADS);
  const loaded: (LoadedTorrent | undefined)[] = [];
  const places = new Map<string, LoadedTorrent>();
  let isStart = true;
  let isOver = false;
  let arrival = Promise.withResolvers<void>();

  const load = async (
    source: string,
    index: number,
    onAnswer: () => void,
  ): Promise<void> => {
    const isMagnet = isMagnetLink(source);
    let isLate = isMagnet;
    if (isLate) onAnswer();
    const attempt = (): Promise<Torrent> =>
      runLimited(() => loadTorrent(source, loading));
    const retrying = {
      ...loading,
      isTemporary: (error: unknown): boolean => {
        if (!isTemporary(error)) return false;
        isLate = true;
        onAnswer();
        return true;
      },
    };
    try {
      const found = isMagnet
        ? await (await import("./fetch_magnet.ts")).fetchMagnet(source, loading)
        : { torrent: await withRetries(attempt, retrying) };
      loaded[index] = { source, ...found };
    } catch (error) {
      if (signal.aborted || (isStart && !isLate)) throw error;
      options.onFailed(error);
    }
    onAnswer();
    arrival.resolve();
  };

  const answers = sources.map(() => Promise.withResolvers<void>());
  const loads = Promise.all(
    sources.map((source, at) => load(source, at, answers[at]!.resolve)),
  ).finally(() => isOver = true);
  try {
    await Promise.race([
      loads,
      Promise.all(answers.map(({ promise }) => promise)),
      delay(FIRST_ANSWER_MS, { signal }),
    ]);
    for (;;) {
      const group = loaded.splice(0).filter((each) => each !== undefined)
        .filter((each) => {
          try {
            checkDistinct(each, places);
            return true;
          } catch (error) {
            if (isStart) throw error;
            options.onFailed(error);
            return false;
          }
        });
      isStart = false;
      arrival = Promise.withResolvers();
      if (group.length > 0) yield group;
      else if (isOver) return void await loads;
      else await Promise.race([arrival.promise, loads]);
    }
  } finally {
    ending.abort();
  }
}

/** Returns a function that runs at most `max` tasks at once; others wait. */
function limitConcurrency(
  max: number,
): <T>(task: () => Promise<T>) => Promise<T> {
  let free = max;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

/**
 * Loads a torrent from a path or a URL.
 * @throws {StorageError} If the file cannot be read.
 * @throws {FetchError} If the URL cannot be fetched.
 * @throws {MetainfoError | ProgramError} If it is not a valid torrent file.
 * @throws {UsageError} If it is a magnet link, which only peers can resolve.
 */
export async function loadTorrent(
  source: string,
  options: FetchTorrentOptions & { readonly signal: AbortSignal },
): Promise<Torrent> {
  if (isMagnetLink(source)) {
    throw new UsageError("a magnet link is no torrent file; give it to peer");
  }
  try {
    if (isTorrentUrl(source)) {
      const { fetchTorrent } = await import("../lib/peers.ts");
      return await fetchTorrent(source, options);
    }
    // The open of a named pipe waits for a writer.
    return await abortable(loadTorrentFile(source), options.signal);
  } catch (error) {
    const fault = await findFault(source, error);
    if (fault === undefined) throw error;
    const isInvalid = error instanceof MetainfoError;
    throw new ProgramError(
      `cannot read ${source} as a torrent file: it ${fault}`,
      {
        exitCode: isInvalid ? EXIT_CODES.invalidTorrent : EXIT_CODES.failed,
        cause: error,
      },
    );
  }
}

/**
 * The fault of what is no torrent file at all, and the remedy; `undefined` if the
 * message of `error` needs no more.
 */
async function findFault(
  source: string,
  error: unknown,
): Promise<string | undefined> {
  if (error instanceof StorageError && await isFolder(source)) {
    return `is a folder; ${shareRemedy(source, "folder")}`;
  }
  // The field "torrent" is the file as a whole.
  if (!(error instanceof MetainfoError) || error.field !== "torrent") return;
  if (isTorrentUrl(source)) {
    return `${error.reason}; give the URL of the .torrent file itself`;
  }
  const reason = await beginsAsDictionary(source)
    ? error.reason
    : 'does not begin with "d" (a bencoded dictionary)';
  const remedy = /\.torrent$/i.test(source)
    ? "get a fresh copy of the torrent file"
    : shareRemedy(source, "file");
  return `${reason}; ${remedy}`;
}

function shareRemedy(path: string, kind: "file" | "folder"): string {
  return `to share the ${kind}: ${invocationOf("share")} ${quoted(path)}`;
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
 * Checks that one peer can share a torrent beside those before it, by place on the
 * disk, and adds it to them.
 * @throws {UsageError} If one of them is the same, or writes the same files on some
 * file system.
 */
export function checkDistinct(
  loaded: LoadedTorrent,
  places: Map<string, LoadedTorrent>,
): void {
  const { source, torrent: { infoHash, name } } = loaded;
  const first = places.get(foldFully(name));
  if (first === undefined) {
    places.set(foldFully(name), loaded);
    return;
  }
  throw new UsageError(
    first.torrent.infoHash !== infoHash
      ? `two torrents are stored as ${
        JSON.stringify(name)
      }; run a peer for each, with a --dir of its own`
      : first.source === source
      ? `${source} is given twice`
      : `${first.source} and ${source} are the same torrent; give it once`,
  );
}
