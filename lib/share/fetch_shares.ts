/**
 * Fetches the list of a machine's shares over HTTP, and resolves the names of such
 * machines.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import type { Permits } from "../base/address_filter.ts";
import { FetchError, ProtocolError } from "../base/errors.ts";
import { joinSignals } from "../base/join_signals.ts";
import { HttpError, httpGet } from "../net/http_get.ts";
import { resolveHost } from "../net/node_modules.ts";
import {
  LISTING_PATH,
  MAX_LISTING_LENGTH,
  parseShareListing,
  type ShareListing,
} from "./share_listing.ts";

/** Longest wait for an answer, in milliseconds. */
const TIMEOUT_MS = 3_000;

/** Options for {@linkcode fetchShares}. */
export interface FetchSharesOptions {
  /** Ends the fetch; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Longest wait for the list, in milliseconds. @default {3000} */
  readonly timeoutMs?: number;
  /** The hosts to which the server may redirect, by IP address. @default all */
  readonly permits?: Permits;
}

/**
 * Fetches the list of the shares at a host and port: `192.168.1.10:8000`.
 * @throws {FetchError} If there is none.
 */
export async function fetchShares(
  host: string,
  options: FetchSharesOptions = {},
): Promise<ShareListing> {
  return await fetchFrom(`http://${host}${LISTING_PATH}`, {
    ...{ timeoutMs: TIMEOUT_MS, ...options },
    maxLength: MAX_LISTING_LENGTH,
    parse: parseShareListing,
  });
}

/**
 * Fetches and parses what a machine that shares says.
 * @throws {FetchError} If there is no such answer.
 */
export async function fetchFrom<T>(
  url: string,
  { signal, permits, timeoutMs = TIMEOUT_MS, maxLength, parse }:
    & FetchSharesOptions
    & {
      readonly maxLength: number;
      /** @throws {ProtocolError} If it is malformed. */
      readonly parse: (bytes: Uint8Array) => T;
    },
): Promise<T> {
  using ending = joinSignals(AbortSignal.timeout(timeoutMs), signal);
  const { host } = new URL(url);
  try {
    const { isSuccess, status, body } = await httpGet(url, {
      signal: ending.signal,
      maxLength,
      ...permits && { redirects: { permits } },
    });
    if (isSuccess) return parse(body);
    const isTemporary = status === 429 || status >= 500;
    throw failure(host, `the answer is HTTP status ${status}`, { isTemporary });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof FetchError) throw error;
    if (ending.signal.aborted) {
      throw failure(host, "no answer in time", { isTemporary: true });
    }
    const isExpected = error instanceof HttpError ||
      error instanceof ProtocolError;
    if (!isExpected) throw error;
    const isTemporary = error instanceof HttpError && error.isTemporary;
    throw failure(host, error.message, { isTemporary, cause: error });
  }
}

/**
 * The IP addresses of a host, as the system resolves its name.
 * @param options The time for that, which the system's own limit exceeds.
 * @throws {FetchError} If it has none.
 */
export async function resolveShareHost(
  hostname: string,
  { signal, timeoutMs = TIMEOUT_MS }: Omit<FetchSharesOptions, "permits"> = {},
): Promise<string[]> {
  try {
    return await deadline(resolveHost(hostname), timeoutMs, { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    const reason = "the name cannot be resolved; check it, or use its address";
    throw failure(hostname, reason, { isTemporary: true, cause });
  }
}

function failure(
  host: string,
  reason: string,
  options: ConstructorParameters<typeof FetchError>[1],
): FetchError {
  return new FetchError(
    `Cannot ask ${host} for its shares: ${reason}`,
    options,
  );
}
