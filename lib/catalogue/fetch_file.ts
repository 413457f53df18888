/**
 * A file from a web server, whole or not at all. It owns the limits of time and
 * length; what the file is, is the caller's.
 *
 * @module
 */
import { FetchError } from "../base/errors.ts";
import { type HttpAnswer, HttpError, httpGet } from "../net/http_get.ts";

/** Longest wait for the answer, and then for more of it, in milliseconds. */
const SILENCE_LIMIT_MS = 15_000;
/** Longest wait for all of it, in milliseconds. */
const FETCH_TIMEOUT_MS = 300_000;

const ADVICE = "check the URL, and that its server runs";

/** What a proxy says when it does not reach a server, or does not let us. */
const PROXY_STATUSES: ReadonlySet<number> = new Set([407, 502, 503, 504]);

/** Options of {@linkcode fetchFile}. */
export interface FetchFileOptions {
  /** Longest file, in bytes. */
  readonly maxLength: number;
  /** Ends the fetch; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Longest time without a sign of the server, in milliseconds. @default {15_000} */
  readonly silenceLimitMs?: number;
}

/**
 * Fetches what is at `url`, which is `http:` or `https:`.
 * @throws {FetchError} If it cannot be had: nobody answers, or with something else.
 */
export async function fetchFile(
  url: string,
  options: FetchFileOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { maxLength, signal, silenceLimitMs = SILENCE_LIMIT_MS } = options;
  signal?.throwIfAborted();
  checkUrl(url);
  const silence = new AbortController();
  const limit = AbortSignal.any([
    AbortSignal.timeout(FETCH_TIMEOUT_MS),
    silence.signal,
  ]);
  const end = () => silence.abort();
  let timer = setTimeout(end, silenceLimitMs);
  const onBytes = (): void => {
    clearTimeout(timer);
    timer = setTimeout(end, silenceLimitMs);
  };
  let answer: HttpAnswer;
  try {
    answer = await httpGet(url, {
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      maxLength,
      onBytes,
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) {
      throw fetchFailure(url, `no answer in time; ${ADVICE}`, error);
    }
    if (!(error instanceof HttpError)) throw error;
    throw fetchFailure(url, `${error.message}; ${ADVICE}`, error);
  } finally {
    clearTimeout(timer);
  }
  if (answer.isSuccess) return answer.body;
  throw fetchFailure(url, explainStatus(answer.status));
}

function checkUrl(url: string): void {
  const protocol = URL.parse(url)?.protocol;
  if (protocol === "http:" || protocol === "https:") return;
  throw fetchFailure(
    url,
    "it is no http or https URL; check how it is spelled",
  );
}

function explainStatus(status: number): string {
  if (status === 404 || status === 410) {
    return `the server has no such file (HTTP status ${status}); check the name`;
  }
  const reason = `the answer is HTTP status ${status}`;
  return PROXY_STATUSES.has(status)
    ? `${reason}; if it is a proxy's, name the host in NO_PROXY`
    : `${reason}; open the URL in a browser to see why`;
}

function fetchFailure(
  url: string,
  reason: string,
  cause?: unknown,
): FetchError {
  return new FetchError(`Cannot fetch ${url}: ${reason}`, { cause });
}
