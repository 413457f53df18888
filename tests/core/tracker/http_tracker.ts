/**
 * A tracker's HTTP handler over a store in memory, and requests to it.
 */
import { assert, assertEquals } from "@std/assert";
import type { HttpResponse } from "../../../lib/http/response.ts";
import {
  createTrackerHandler,
  type TrackerHandler,
  type TrackerHandlerOptions,
  type TrackerRequest,
} from "../../../lib/tracker/http_handler.ts";
import { Tracker, type TrackerOptions } from "../../../lib/tracker/tracker.ts";
import { announceQuery, text } from "../announce/samples.ts";
import { memoryStore } from "./store/memory_scene.ts";

/** The handler of a tracker without peers. */
export function tracker(
  options: Partial<TrackerOptions & TrackerHandlerOptions> = {},
): TrackerHandler {
  return createTrackerHandler({
    tracker: new Tracker({
      store: memoryStore(),
      intervalMs: () => 120_000,
      ...options,
    }),
    minIntervalMs: 30_000,
    ...options,
  });
}

/** A response whose body is read as one character for each byte. */
export type TextResponse = HttpResponse & { readonly body: string };

/** A request from 192.0.2.1. */
export function getRequest(
  pathAndQuery: string,
  changes: Partial<TrackerRequest> = {},
): TrackerRequest {
  const [path = ""] = pathAndQuery.split("?");
  return {
    method: "GET",
    path,
    query: pathAndQuery.slice(path.length + 1),
    remoteHostname: "192.0.2.1",
    header: () => undefined,
    isFromBrowser: false,
    ...changes,
  };
}

/** Sends a request from 192.0.2.1 at second 62 of the clock. */
export async function get(
  handle: TrackerHandler,
  pathAndQuery: string,
  { nowMs = 62_000, ...changes }: Partial<TrackerRequest & { nowMs: number }> =
    {},
): Promise<TextResponse> {
  const request = getRequest(pathAndQuery, changes);
  const { body, ...response } = await handle(request, nowMs);
  assert(typeof body === "string" || body instanceof Uint8Array);
  return { ...response, body: text(body) };
}

/** A failure reason as a response. */
export function failure(reason: string): string {
  return `d14:failure reason${reason.length}:${reason}e`;
}

/** The body of the response to an announce. */
export async function announce(
  handle: TrackerHandler,
  changes: Record<string, string | number | undefined> = {},
  remoteHostname = "192.0.2.1",
): Promise<string> {
  const url = `/announce?${announceQuery(changes)}`;
  const { status, headers, body } = await get(handle, url, { remoteHostname });
  assertEquals([status, headers["content-type"]], [200, "text/plain"]);
  return body;
}
