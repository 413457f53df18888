/**
 * The HTTP interface of a rollout. Hosts report and learn in the answer what they are
 * to do; programs read a list of the shares, a document for each, its changes as
 * events, and a table; commands pause, resume and limit. A document is at most half a
 * second old, so that many readers cost little more than one.
 *
 * @module
 */
import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { BoundedMap } from "../base/bounded_map.ts";
import { ProtocolError } from "../base/errors.ts";
import { RateLimiter } from "../base/rate_limiter.ts";
import { sha1 } from "../disk/sha1.ts";
import {
  EVENT_HEADERS,
  type HttpResponse,
  jsonResponse,
  textResponse,
} from "../http/response.ts";
import type {
  CommandHandler,
  TrackerHandler,
  TrackerRequest,
} from "../tracker/http_handler.ts";
import { attachment } from "../tracker/torrent_routes.ts";
import { AnnounceRate } from "../tracker/tracker.ts";
import {
  type HostReport,
  isOver,
  parseReport,
  REPORT_PATH,
  reportAnswer,
} from "../rollout/host_report.ts";
import {
  endingBody,
  ResponseSlots,
  rolloutEvents,
} from "./lasting_response.ts";
import type { Rollout } from "../rollout/rollout.ts";
import { ALL_SHARES } from "../rollout/rollout_control.ts";
import {
  describeRollout,
  formatCsv,
  type RolloutDocument,
} from "../rollout/rollout_document.ts";
import { type ListedShare, SHARES_PATH } from "./share_listing.ts";

/** Reports of one address: those of 64 hosts behind it, once a second. */
const REPORT_RATE = { perSecond: 64, burst: 640 };
/** Time for which the answer to a report waits for a change, by the host's work, in milliseconds. */
const HOLD_MS = { busy: 1_000, over: 10_000 } as const;
/** Reports that wait. Beyond that, a host is answered at once, and asks again a second later. */
const MAX_HELD = { all: 2_048, ofAddress: 64 };
/** Event streams: each compares all hosts once a second. */
const MAX_STREAMS = { all: 32, ofAddress: 8 };
/** Time for which a document is cached, in milliseconds. */
const MAX_AGE_MS = 500;
/** Most cached documents: those of all shares of most machines. */
const MAX_DOCUMENTS = 100;
/** Least limit, in bytes a second. */
const LEAST_LIMIT = 1_024;
/** Wrong tokens of one address: a few, and then one in ten seconds. */
const WRONG_TOKENS = { perSecond: 0.1, burst: 5 } as const;
const MAX_GUESSERS = 1_024;
const COMMANDS = ["pause", "resume", "limit"];

/** A cached document. */
interface KeptDocument {
  readonly document: RolloutDocument;
  readonly madeAtMs: number;
  /** Number of the last change of control at that time. */
  readonly change: number;
}

export class RolloutApi {
  /** For GET and HEAD. */
  readonly routes = new Map(Object.entries<TrackerHandler>({
    [REPORT_PATH]: (...asked) => this.#report(...asked),
    [SHARES_PATH]: (_, nowMs) => this.#list(nowMs),
    // All other paths of this folder.
    "/api/": (...asked) => this.#share(...asked),
  }));
  readonly #rollout: Rollout;
  readonly #shares: () => readonly ListedShare[];
  readonly #reportRate = new AnnounceRate({
    random: Math.random,
    ...REPORT_RATE,
  });
  readonly #reportSlots = new ResponseSlots(MAX_HELD);
  /** Callbacks that answer the reports which wait. */
  readonly #held = new Set<() => void>();
  readonly #streamSlots = new ResponseSlots(MAX_STREAMS);
  readonly #documents = new BoundedMap<string, KeptDocument>(MAX_DOCUMENTS);
  readonly #wrongTokens = new BoundedMap<string, RateLimiter>(MAX_GUESSERS);

  constructor(rollout: Rollout, shares: () => readonly ListedShare[]) {
    this.#rollout = rollout;
    this.#shares = shares;
    rollout.control.listeners.add(() => {
      for (const answer of [...this.#held]) answer();
    });
  }

  /** For POST. Each command needs a token of the share, which no browser sends by itself. */
  readonly command: CommandHandler = (request, nowMs) => {
    const [id = "", command = "", ...rest] = partsOf(request.path);
    if (!COMMANDS.includes(command) || rest.length > 0) return undefined;
    const refused = this.#refuse(request, nowMs);
    if (refused !== undefined) return refused;
    const { control } = this.#rollout;
    const isAll = id === ALL_SHARES;
    const chosen = this.#shares().filter((share) => isAll || share.id === id);
    if (chosen.length === 0 && !isAll) return NOT_FOUND;
    const target = isAll ? undefined : id;
    if (command === "limit") {
      const text = new URLSearchParams(request.query).get("bytesPerSecond");
      const rate = /^\d{1,15}$/.test(text ?? "") ? Number(text) : NaN;
      if (!(rate === 0 || rate >= LEAST_LIMIT)) return NO_RATE;
      control.setLimit(target, rate === 0 ? undefined : rate);
    } else control.setPaused(target, command === "pause");
    const shares = chosen.map(({ id, name }) => {
      const { isPaused: paused, limit } = control.of(id);
      return { id, name, paused, limitBytesPerSecond: limit?.bytesPerSecond };
    });
    return jsonResponse({ version: 1, shares });
  };

  #refuse(request: TrackerRequest, nowMs: number): HttpResponse | undefined {
    if (request.isFromBrowser) return NO_PROGRAM;
    const text = request.header("authorization") ?? "";
    const given = /^bearer +(\S+) *$/i.exec(text)?.[1];
    if (given === undefined) return UNAUTHORIZED;
    // Compares all tokens, so that the time does not reveal which token is close.
    const isRight = [...this.#rollout.control.tokens]
      .map((token) => timingSafeEqual(hashOf(token), hashOf(given)))
      .includes(true);
    if (isRight) return undefined;
    const limiter = this.#wrongTokens.getOrInsertComputed(
      request.remoteHostname,
      () => new RateLimiter(WRONG_TOKENS),
    );
    return limiter.tryTake(1, nowMs) ? UNAUTHORIZED : TOO_MANY_WRONG;
  }

  #report(
    request: TrackerRequest,
    nowMs: number,
  ): HttpResponse | Promise<HttpResponse> {
    const { isFromBrowser, method, remoteHostname, query } = request;
    // A web page must not report, and HEAD changes nothing.
    if (isFromBrowser || method === "HEAD") return NO_HOST;
    if (this.#reportRate.take(remoteHostname, nowMs) > 0) return TOO_MANY;
    try {
      const report = parseReport(query);
      return this.#rollout.reported(report, remoteHostname, nowMs)
        ? this.#answer(report, remoteHostname)
        : NOT_YET;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return refusal(400, error.message);
    }
  }

  /**
   * Answers a report: at the next change of control if the host knows the last one, or
   * after a while. So a change reaches each host at once, although it is the host that
   * asks.
   */
  #answer(
    report: HostReport,
    hostname: string,
  ): HttpResponse | Promise<HttpResponse> {
    const { control } = this.#rollout;
    const make = (): HttpResponse => {
      const answer = control.answer(report, hostname, performance.now());
      const { own: source } = this.#rollout;
      return jsonResponse(reportAnswer({ ...answer, source }));
    };
    if (report.change !== control.change) return make();
    const release = this.#reportSlots.take(hostname);
    if (release === undefined) return make();
    const { promise, resolve } = Promise.withResolvers<HttpResponse>();
    const end = (): void => {
      clearTimeout(timer);
      this.#held.delete(end);
      release();
      resolve(make());
    };
    const timer = setTimeout(end, HOLD_MS[isOver(report) ? "over" : "busy"]);
    this.#held.add(end);
    return promise;
  }

  #list(nowMs: number): HttpResponse {
    const shares = this.#shares().map((share) => {
      const { version: _, hosts: __, ...rest } = this.#document(share, nowMs);
      return rest;
    });
    return jsonResponse({ version: 1, shares });
  }

  #share(request: TrackerRequest, nowMs: number): HttpResponse {
    const [id, what] = partsOf(request.path);
    const find = (): ListedShare | undefined =>
      this.#shares().find((share) => share.id === id);
    const share = find();
    if (share === undefined) return NOT_FOUND;
    switch (what) {
      case undefined:
        return jsonResponse(this.#document(share, nowMs));
      case "report.csv":
        return textResponse(
          200,
          formatCsv(this.#document(share, nowMs).hosts),
          {
            "content-type": "text/csv; charset=utf-8",
            "content-disposition": attachment(`${share.name}.csv`),
          },
        );
      case "events":
        return this.#events(request, () => {
          const share = find();
          return share && this.#document(share, performance.now());
        });
      default:
        return NOT_FOUND;
    }
  }

  #events(
    { method, remoteHostname }: TrackerRequest,
    read: () => RolloutDocument | undefined,
  ): HttpResponse {
    const head = { status: 200, headers: EVENT_HEADERS };
    if (method === "HEAD") return { ...head, body: "" };
    const release = this.#streamSlots.take(remoteHostname);
    if (release === undefined) return TOO_MANY;
    const ending = new AbortController();
    const body = endingBody(rolloutEvents(read, ending.signal), () => {
      release();
      ending.abort();
    });
    return { ...head, body };
  }

  #document(share: ListedShare, nowMs: number): RolloutDocument {
    const rollout = this.#rollout;
    const { change } = rollout.control;
    rollout.lastReadMs = nowMs;
    const last = this.#documents.get(share.id);
    const isFresh = last !== undefined && nowMs - last.madeAtMs < MAX_AGE_MS &&
      last.change === change && last.document.state === share.state;
    if (isFresh) return last.document;
    const clocks = { nowMs, wallMs: Date.now() };
    const document = describeRollout(share, rollout, clocks);
    this.#documents.set(share.id, { document, madeAtMs: nowMs, change });
    return document;
  }
}

/** The parts of a path below that of the shares. */
function partsOf(path: string): string[] {
  const folder = `${SHARES_PATH}/`;
  return path.startsWith(folder) ? path.slice(folder.length).split("/") : [];
}

/** Of one length, whatever a client sends. */
function hashOf(text: string): Uint8Array {
  return sha1(new TextEncoder().encode(text));
}

const NOT_FOUND = refusal(404, "Not found. /api/v1/shares lists the shares.");
/** A host that gets 404 reports no more: here, its torrent may be hashed yet. */
const NOT_YET = refusal(503, "That torrent is not shared here, or not yet.");
const NO_HOST = refusal(403, "Hosts report with GET, and no browser does.");
const NO_PROGRAM = refusal(403, "No web page controls a share.");
const TOO_MANY = refusal(429, "Too many requests from your address.");
const TOO_MANY_WRONG = refusal(429, "Too many wrong tokens from your address.");
const UNAUTHORIZED = refusal(
  401,
  "This needs the token of the share: Authorization: Bearer TOKEN.",
  { "www-authenticate": "Bearer" },
);
const NO_RATE = refusal(
  400,
  `bytesPerSecond is 0 for no limit, or a whole number from ${LEAST_LIMIT}.`,
);

function refusal(
  status: number,
  reason: string,
  headers?: HttpResponse["headers"],
): HttpResponse {
  return textResponse(status, `${reason}\n`, headers);
}
