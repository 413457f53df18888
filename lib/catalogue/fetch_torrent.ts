/**
 * Fetches torrent files from web servers, with limits for time and length. A file
 * arrives whole or not at all.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import { FetchError } from "../base/errors.ts";
import { joinSignals } from "../base/join_signals.ts";
import {
  MAX_TORRENT_FILE_LENGTH,
  parseTorrentFile,
} from "../disk/torrent_file.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { HttpError, httpGet } from "../net/http_get.ts";

/** Longest time without a byte from the server, in milliseconds. */
const SILENCE_LIMIT_MS = 15_000;
/** Longest time for the whole file, in milliseconds. */
const FETCH_TIMEOUT_MS = 300_000;
/** Longest part of a URL in a message, in characters. */
const MAX_SHOWN_LENGTH = 200;

/** Options for {@linkcode fetchTorrent}. */
export interface FetchTorrentOptions {
  /** Ends the fetch; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Longest time without a byte from the server, in milliseconds. @default {15_000} */
  readonly silenceLimitMs?: number;
  /** Tells to which hosts the server may redirect, by IP address. @default all */
  readonly permits?: Permits;
}

/**
 * Fetches and parses a torrent file by the path rules of this machine. It is as
 * trustworthy as the server and the way to it.
 * @throws {FetchError} If the server does not answer, or not with a file.
 * @throws {MetainfoError} If the file is not a valid torrent file.
 */
export async function fetchTorrent(
  url: string,
  options: FetchTorrentOptions = {},
): Promise<Torrent> {
  const bytes = await fetchFile(url, options);
  try {
    return await parseTorrentFile(bytes);
  } catch (error) {
    if (!(error instanceof MetainfoError)) throw error;
    const { field, reason } = isWebPage(bytes)
      ? { field: "torrent", reason: "is a web page" }
      : error;
    const source = shortened(url);
    throw new MetainfoError(field, reason, { source, cause: error });
  }
}

/** True for bytes that begin as HTML does, perhaps after a byte order mark and blanks. */
function isWebPage(bytes: Uint8Array): boolean {
  return /^\s*<[!a-z]/i.test(new TextDecoder().decode(bytes.subarray(0, 1024)));
}

async function fetchFile(
  url: string,
  { signal, silenceLimitMs = SILENCE_LIMIT_MS, permits }: FetchTorrentOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  const protocol = URL.parse(url)?.protocol;
  if (protocol !== "http:" && protocol !== "https:") {
    throw failure(url, "it is not an http or https URL; check the spelling");
  }
  const limit = new AbortController();
  const endMs = performance.now() + FETCH_TIMEOUT_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onBytes = (): void => {
    clearTimeout(timer);
    const leftMs = Math.min(silenceLimitMs, endMs - performance.now());
    timer = setTimeout(() => limit.abort(), leftMs);
  };
  onBytes();
  using ending = joinSignals(limit.signal, signal);
  try {
    const { isSuccess, body, status } = await httpGet(url, {
      signal: ending.signal,
      maxLength: MAX_TORRENT_FILE_LENGTH,
      onBytes,
      redirects: { mayUseWebPorts: true, permits },
    });
    if (isSuccess) return body;
    const isTemporary = status === 429 || status >= 500;
    throw failure(url, explainStatus(status), { isTemporary });
  } catch (error) {
    signal?.throwIfAborted();
    const isLate = limit.signal.aborted;
    if (!isLate && !(error instanceof HttpError)) throw error;
    const reason = isLate ? "no answer in time" : (error as Error).message;
    const isTemporary = isLate || (error as HttpError).isTemporary;
    const advice = "check the URL and that the server is running";
    throw failure(url, `${reason}; ${advice}`, { cause: error, isTemporary });
  } finally {
    clearTimeout(timer);
  }
}

function explainStatus(status: number): string {
  const reason = `HTTP status ${status}`;
  if (status === 404 || status === 410) {
    return `the server has no such file (${reason}); check the name`;
  }
  if (status === 421) {
    return `the tracker does not answer to that name (${reason}); ` +
      "use its IP address, or start it with --page-name and the name";
  }
  // A proxy that cannot reach the server, or refuses to.
  const advice = [407, 502, 503, 504].includes(status)
    ? "if a proxy sent it, name the host in NO_PROXY"
    : "open the URL in a browser to see why";
  return `the answer is ${reason}; ${advice}`;
}

/** A URL for a message; that of a share was written by another machine. */
function shortened(url: string): string {
  return url.length > MAX_SHOWN_LENGTH
    ? `${url.slice(0, MAX_SHOWN_LENGTH)}…`
    : url;
}

function failure(
  url: string,
  reason: string,
  options?: ConstructorParameters<typeof FetchError>[1],
): FetchError {
  return new FetchError(`Cannot fetch ${shortened(url)}: ${reason}`, options);
}
