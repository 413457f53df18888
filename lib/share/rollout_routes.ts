/**
 * The routes by which a rollout is reported and read, for the handler of its tracker.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { HttpResponse } from "../http/response.ts";
import type {
  TrackerHandler,
  TrackerRequest,
} from "../tracker/http_handler.ts";
import { AnnounceRate } from "../tracker/tracker.ts";
import { parseReport, REPORT_PATH } from "./host_report.ts";
import type { Rollout } from "./rollout.ts";

/** Reports of one address: those of 64 hosts behind it, once a second. */
const REPORT_RATE = { perSecond: 64, burst: 640 };

/** The routes of a rollout. */
export function rolloutRoutes(
  rollout: Rollout,
): ReadonlyMap<string, TrackerHandler> {
  const rate = new AnnounceRate(REPORT_RATE);
  return new Map([
    [REPORT_PATH, (request, nowMs) => {
      // A web page must not report, and HEAD changes nothing.
      if (request.isFromBrowser || request.method === "HEAD") return FORBIDDEN;
      if (rate.take(request.remoteHostname, nowMs) > 0) return TOO_MANY;
      return takeReport(rollout, request, nowMs);
    }],
  ]);
}

function takeReport(
  rollout: Rollout,
  { query, remoteHostname }: TrackerRequest,
  nowMs: number,
): HttpResponse {
  try {
    const report = parseReport(query);
    return rollout.reported(report, remoteHostname, nowMs) ? TAKEN : NOT_FOUND;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return plain(400, `${error.message}\n`);
  }
}

const TAKEN: HttpResponse = {
  status: 200,
  headers: { "content-type": "application/json", "cache-control": "no-store" },
  body: `{"version":1}\n`,
};

function plain(status: number, body: string): HttpResponse {
  const type = "text/plain; charset=utf-8";
  return {
    status,
    headers: { "content-type": type, "cache-control": "no-store" },
    body,
  };
}

const NOT_FOUND = plain(404, "There is no such share.\n");
const FORBIDDEN = plain(403, "Hosts report with GET, and no browser does.\n");
const TOO_MANY = plain(429, "Too many reports from your address.\n");
