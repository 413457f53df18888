/**
 * Talks to a machine that shares, over HTTP: fetches its list and its rollouts, sends
 * it commands, and reports this machine. Any host may answer, so each answer is
 * checked as far as it is used.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import type { Permits } from "../base/address_filter.ts";
import { FetchError, ProtocolError } from "../base/errors.ts";
import { joinSignals } from "../base/join_signals.ts";
import { HttpError, httpGet, type HttpGetOptions } from "../net/http_get.ts";
import { resolveHost } from "../net/node_modules.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import {
  type HostControl,
  type HostReport,
  parseReportAnswer,
  reportPath,
} from "../rollout/host_report.ts";
import { ROLLOUT_STATES } from "../rollout/host_state.ts";
import {
  isFlag,
  isNumber,
  oneOf,
  optional,
  parseJson,
  text,
} from "../rollout/json_shape.ts";
import { ALL_SHARES } from "../rollout/rollout_control.ts";
import type { RolloutDocument } from "../rollout/rollout_document.ts";
import {
  LISTING_PATH,
  MAX_LISTING_LENGTH,
  parseShareListing,
  type ShareListing,
  SHARES_PATH,
} from "./share_listing.ts";

/** Longest wait for the list of shares, in milliseconds. */
const TIMEOUT_MS = 3_000;
/** Longest wait for a rollout, and longest document: one of 10,000 hosts has 4 MiB. */
const DOCUMENT_LIMITS = { timeoutMs: 5_000, maxLength: 16 * 1024 * 1024 };
/** Longest answer to a report that is read, in bytes. */
const MAX_REPORT_ANSWER_LENGTH = 4_096;

/** Options for {@linkcode fetchShares}. */
export interface FetchSharesOptions {
  /** Ends the fetch; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
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
  { permits, ...options }: FetchSharesOptions = {},
): Promise<ShareListing> {
  return await ask(`http://${host}${LISTING_PATH}`, {
    ...options,
    ...permits && { redirects: { permits } },
    maxLength: MAX_LISTING_LENGTH,
    parse: parseShareListing,
  });
}

/** A share without its hosts, as the list has it. */
export type RolloutSummary = Omit<RolloutDocument, "version" | "hosts">;

const SUMMARY = {
  ...{ id: text(), name: text(), source: optional({ needed: isFlag }) },
  verdict: { verified: isNumber, isMet: isFlag, needed: optional(isNumber) },
};
const HOST = {
  ...{ name: text(), reason: optional(text()), state: oneOf(ROLLOUT_STATES) },
  ...{ isExpected: isFlag, fraction: isNumber },
};
const ROLLOUTS = { shares: [SUMMARY] } as const;
const ROLLOUT = { ...SUMMARY, hosts: [HOST] } as const;

/**
 * Fetches the list of the rollouts at an origin, `http://192.168.1.10:8000`.
 * @throws {FetchError} If there is none.
 */
export async function fetchRollouts(
  origin: string,
  signal?: AbortSignal,
): Promise<RolloutSummary[]> {
  const { shares } = await ask(`${origin}${SHARES_PATH}`, {
    ...{ ...DOCUMENT_LIMITS, signal },
    parse: (bytes) =>
      parseJson<{ shares: RolloutSummary[] }>(bytes, ROLLOUTS, "rollouts"),
  });
  return shares;
}

/**
 * Fetches one share with its hosts.
 * @throws {FetchError} If there is none.
 */
export async function fetchRollout(
  origin: string,
  id: string,
  signal?: AbortSignal,
): Promise<RolloutDocument> {
  const url = `${origin}${SHARES_PATH}/${encodeURIComponent(id)}`;
  const document = await ask(url, {
    ...{ ...DOCUMENT_LIMITS, signal },
    parse: (bytes) => parseJson<RolloutDocument>(bytes, ROLLOUT, "rollout"),
  });
  return { ...document, version: 1 };
}

/** A command to all shares of a machine. */
export interface ShareCommand {
  /** Its name. */
  readonly command: "pause" | "resume" | "limit";
  /** The token of the share. */
  readonly token: string;
  /** Of `limit`; 0 for no limit. @default {0} */
  readonly bytesPerSecond?: number;
  /** Ends the wait. @default none */
  readonly signal?: AbortSignal;
}

/** The control of a share after a command. */
export type CommandedShare = Pick<
  RolloutDocument,
  "id" | "name" | "paused" | "limitBytesPerSecond"
>;

const COMMANDED = {
  ...{ id: text(), name: text(), paused: isFlag },
  limitBytesPerSecond: optional(isNumber),
};
const ANSWER = { shares: [COMMANDED] } as const;

/**
 * Sends a command to all shares of the machine at an origin. A redirect is not followed,
 * as no other server may get the token.
 * @throws {FetchError} If it is not taken.
 */
export async function commandShares(
  origin: string,
  { command, token, bytesPerSecond = 0, signal }: ShareCommand,
): Promise<CommandedShare[]> {
  const query = command === "limit" ? `?bytesPerSecond=${bytesPerSecond}` : "";
  const url = `${origin}${SHARES_PATH}/${ALL_SHARES}/${command}${query}`;
  const { shares } = await ask(url, {
    ...{ ...DOCUMENT_LIMITS, signal, redirects: "none" },
    postHeaders: { authorization: `Bearer ${token}` },
    parse: (bytes) =>
      parseJson<{ shares: CommandedShare[] }>(bytes, ANSWER, "answer"),
    describe: (host, reason) => `${host}: ${reason}`,
    statuses: REFUSALS,
    silence: "it does not answer; is it still shared there?",
  });
  return shares;
}

/** The reasons for which a command is refused, by status. */
const REFUSALS: Readonly<Record<number, string>> = {
  401: "the token is not the one of this share",
  404: "it takes no commands: it is no share, or of an older version",
  405: "it takes no commands: it is no share, or of an older version",
  429: "too many wrong tokens came from this machine; wait a minute",
};

interface AskOptions<T>
  extends
    Pick<HttpGetOptions, "maxLength" | "redirects" | "postHeaders">,
    Omit<FetchSharesOptions, "permits"> {
  /** @throws {ProtocolError} If the answer is malformed. */
  readonly parse: (bytes: Uint8Array) => T;
  /** Writes the message of an error. @default {cannotAsk} */
  readonly describe?: (host: string, reason: string) => string;
  /** The reasons of some statuses. @default none */
  readonly statuses?: Readonly<Record<number, string>>;
  /** The reason where the network fails. @default {as the system says} */
  readonly silence?: string;
}

/** @throws {FetchError} If there is no such answer. */
async function ask<T>(
  url: string,
  { signal, timeoutMs = TIMEOUT_MS, parse, ...options }: AskOptions<T>,
): Promise<T> {
  const { describe = cannotAsk, statuses = {}, silence } = options;
  const fail = (
    reason: string,
    details: ConstructorParameters<typeof FetchError>[1],
  ): FetchError => new FetchError(describe(new URL(url).host, reason), details);
  using ending = joinSignals(AbortSignal.timeout(timeoutMs), signal);
  try {
    const { isSuccess, status, body } = await httpGet(url, {
      ...options,
      signal: ending.signal,
    });
    if (isSuccess) return parse(body);
    const reason = statuses[status] ?? `the answer is HTTP status ${status}`;
    throw fail(reason, { isTemporary: status === 429 || status >= 500 });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof FetchError) throw cause;
    if (ending.signal.aborted) {
      throw fail("no answer in time", { isTemporary: true, cause });
    }
    if (cause instanceof ProtocolError) throw fail(cause.message, { cause });
    if (!(cause instanceof HttpError)) throw cause;
    const { isTemporary, message } = cause;
    throw fail(isTemporary && silence || message, { isTemporary, cause });
  }
}

/**
 * The IP addresses of a host, as the system resolves its name.
 * @param options The longest wait, as the system's own limit is longer.
 * @throws {FetchError} If the host has no address.
 */
export async function resolveShareHost(
  hostname: string,
  { signal, timeoutMs = TIMEOUT_MS }: Omit<FetchSharesOptions, "permits"> = {},
): Promise<string[]> {
  try {
    return await deadline(resolveHost(hostname), timeoutMs, {
      ...signal && { signal },
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const reason = "the name cannot be resolved; check it, or use its address";
    const message = cannotAsk(hostname, reason);
    throw new FetchError(message, { isTemporary: true, cause });
  }
}

function cannotAsk(host: string, reason: string): string {
  return `Cannot ask ${host} for its shares: ${reason}`;
}

/** Options of {@linkcode ReportSender.send}. */
export interface SendReportOptions {
  /** Longest wait for the answer of one server. */
  readonly timeoutMs: number;
  /** Ends the wait. @default none */
  readonly signal?: AbortSignal;
}

/** Sends the reports of one torrent. */
export class ReportSender {
  /** Servers that may take them, best first. */
  #origins: string[];
  #control: HostControl | undefined;

  /** Sends nothing yet. */
  constructor({ announce }: Pick<Torrent, "announce">) {
    this.#origins = announce.flat().flatMap((text) => {
      const url = URL.parse(text);
      const isTracker = url?.protocol === "http:" &&
        url.pathname === "/announce";
      return isTracker ? [url.origin] : [];
    });
  }

  /** True once no server is left that takes reports. */
  get isUseless(): boolean {
    return this.#origins.length === 0;
  }

  /** The last answer; `undefined` before the first. */
  get control(): HostControl | undefined {
    return this.#control;
  }

  /** Sends a report to the first server that takes it; true if one did. */
  async send(
    report: HostReport,
    { timeoutMs, signal }: SendReportOptions,
  ): Promise<boolean> {
    const path = reportPath(report);
    for (const origin of [...this.#origins]) {
      using ending = joinSignals(AbortSignal.timeout(timeoutMs), signal);
      try {
        const { status, isSuccess, body } = await httpGet(`${origin}${path}`, {
          signal: ending.signal,
          maxLength: MAX_REPORT_ANSWER_LENGTH,
        });
        if (isSuccess) {
          this.#control = parseReportAnswer(body);
          return true;
        }
        const takesNone = status === 404 || status === 421;
        if (!takesNone) continue;
        this.#origins = this.#origins.filter((other) => other !== origin);
      } catch (error) {
        // The server may answer next time; until then announces report progress.
        const isExpected = error instanceof HttpError ||
          error instanceof ProtocolError || ending.signal.aborted;
        if (!isExpected) throw error;
      }
      if (signal?.aborted) return false;
    }
    return false;
  }
}
