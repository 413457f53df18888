/**
 * The routes by which hosts report to a rollout, and programs read it: a list, a
 * document for each share, its changes as events, and a table. What is read is at
 * most half a second old, so that many readers cost little more than one.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { HttpResponse } from "../http/response.ts";
import type {
  TrackerHandler,
  TrackerRequest,
} from "../tracker/http_handler.ts";
import { attachment } from "../tracker/torrent_routes.ts";
import { AnnounceRate } from "../tracker/tracker.ts";
import type { MetricFamily } from "../tracker/page/metrics.ts";
import { HeldReports } from "./held_reports.ts";
import {
  type HostReport,
  isOver,
  parseReport,
  REPORT_PATH,
} from "./host_report.ts";
import { countStates } from "./host_state.ts";
import type { Rollout } from "./rollout.ts";
import { reportAnswer } from "./report_answer.ts";
import {
  describeRollout,
  formatCsv,
  type RolloutDocument,
} from "./rollout_document.ts";
import { RolloutEvents } from "./rollout_events.ts";
import type { ListedShare } from "./share_listing.ts";

/** Path of the list of shares; an id, and what is asked of it, may follow. */
export const SHARES_PATH = "/api/v1/shares";
/** Reports of one address: those of 64 hosts behind it, once a second. */
const REPORT_RATE = { perSecond: 64, burst: 640 };
/** Time for which the answer to a report waits for a change, by the host's work, in milliseconds. */
const HOLD_MS = { busy: 1_000, over: 10_000 } as const;
/** Age up to which a document serves again, in milliseconds. */
const MAX_AGE_MS = 500;

/** The routes of a rollout of the shares of a machine. */
export function rolloutRoutes(
  rollout: Rollout,
  shares: () => readonly ListedShare[],
): ReadonlyMap<string, TrackerHandler> {
  const rate = new AnnounceRate({ random: Math.random, ...REPORT_RATE });
  const events = new RolloutEvents();
  const heldReports = new HeldReports();
  rollout.control.listeners.add(() => heldReports.release());
  const kept = new Map<
    string,
    {
      readonly document: RolloutDocument;
      readonly madeAtMs: number;
      readonly change: number;
    }
  >();

  function documentOf(share: ListedShare, nowMs: number): RolloutDocument {
    rollout.lastReadMs = nowMs;
    const last = kept.get(share.id);
    const isFresh = last !== undefined && nowMs - last.madeAtMs < MAX_AGE_MS &&
      last.change === rollout.control.change &&
      last.document.state === share.state;
    if (isFresh) return last.document;
    const clocks = { nowMs, wallMs: Date.now() };
    const document = describeRollout(share, rollout, clocks);
    // A share that has become ready has another id.
    const ids = new Set(shares().map(({ id }) => id));
    for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
    const { change } = rollout.control;
    kept.set(share.id, { document, madeAtMs: nowMs, change });
    return document;
  }

  function list(nowMs: number): HttpResponse {
    const documents = shares().map((share) => documentOf(share, nowMs))
      .map(({ version: _, hosts: __, ...share }) => share);
    return json({ version: 1, shares: documents });
  }

  function ofShare(request: TrackerRequest, nowMs: number): HttpResponse {
    const [id, what] = request.path.slice(SHARES_PATH.length + 1).split("/");
    const find = (): ListedShare | undefined =>
      shares().find((share) => share.id === id);
    const share = find();
    if (share === undefined) return NOT_FOUND;
    switch (what) {
      case undefined:
        return json(documentOf(share, nowMs));
      case "report.csv":
        return respond(200, {
          "content-type": "text/csv; charset=utf-8",
          "content-disposition": attachment(`${share.name}.csv`),
        }, formatCsv(documentOf(share, nowMs).hosts));
      case "events": {
        if (request.method === "HEAD") return EVENTS;
        const body = events.open(request.remoteHostname, () => {
          const share = find();
          return share && documentOf(share, performance.now());
        });
        return body === undefined ? TOO_MANY : { ...EVENTS, body };
      }
      default:
        return NOT_FOUND;
    }
  }

  function report(
    request: TrackerRequest,
    nowMs: number,
  ): HttpResponse | Promise<HttpResponse> {
    // A web page must not report, and HEAD changes nothing.
    if (request.isFromBrowser || request.method === "HEAD") return FORBIDDEN;
    if (rate.take(request.remoteHostname, nowMs) > 0) return TOO_MANY;
    try {
      const report = parseReport(request.query);
      return rollout.reported(report, request.remoteHostname, nowMs)
        ? answer(report, request.remoteHostname)
        : NOT_YET;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return plain(400, `${error.message}\n`);
    }
  }

  /** Waits a little for a change of control if the host knows the last one. */
  function answer(
    report: HostReport,
    hostname: string,
  ): HttpResponse | Promise<HttpResponse> {
    const { control } = rollout;
    const make = (): HttpResponse => {
      const nowMs = performance.now();
      const answer = control.answer(report, hostname, nowMs);
      return json(reportAnswer({ ...answer, source: rollout.own }));
    };
    if (report.change !== control.change) return make();
    const holdMs = HOLD_MS[isOver(report) ? "over" : "busy"];
    const held = heldReports.hold(hostname, holdMs);
    return held === undefined ? make() : held.then(make);
  }

  return new Map<string, TrackerHandler>([
    [REPORT_PATH, report],
    [SHARES_PATH, (_, nowMs) => list(nowMs)],
    // All other paths of this folder.
    [
      "/api/",
      (request, nowMs) =>
        request.path.startsWith(`${SHARES_PATH}/`)
          ? ofShare(request, nowMs)
          : NOT_FOUND,
    ],
  ]);
}

export function json(value: unknown): HttpResponse {
  const type = "application/json";
  return respond(200, { "content-type": type }, `${JSON.stringify(value)}\n`);
}

export function plain(status: number, body: string): HttpResponse {
  return respond(status, { "content-type": "text/plain; charset=utf-8" }, body);
}

function respond(
  status: number,
  headers: HttpResponse["headers"],
  body: string,
): HttpResponse {
  return { status, headers: { ...headers, "cache-control": "no-store" }, body };
}

/** The numbers of a rollout for Prometheus. */
export function rolloutMetrics(
  rollout: Rollout,
  nowMs: number,
): MetricFamily[] {
  const counts = Object.entries(countStates(rollout.hosts(nowMs)));
  const finish = rollout.finish(nowMs);
  // Without a value there is no number: 0 would be the end.
  const finishes = finish === undefined ? [] : [{
    name: "share_finish_seconds",
    help: "Time until the last host of the rollout is complete",
    samples: [{ labels: {}, value: finish.leftMs / 1_000 }],
  }];
  return [...finishes, {
    name: "share_hosts",
    help: "Hosts of the rollout in each state",
    samples: counts.map(([state, value]) => ({ labels: { state }, value })),
  }];
}

/** Proxies have to pass events on as they come. */
const EVENTS: HttpResponse = {
  status: 200,
  headers: {
    "content-type": "text/event-stream",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  },
  body: "",
};
export const NOT_FOUND: HttpResponse = plain(
  404,
  "Not found. /api/v1/shares lists the shares.\n",
);
/** A host that gets 404 reports no more: here, its torrent may be hashed yet. */
const NOT_YET = plain(503, "That torrent is not shared here, or not yet.\n");
const FORBIDDEN = plain(403, "Hosts report with GET, and no browser does.\n");
const TOO_MANY = plain(429, "Too many requests from your address.\n");
