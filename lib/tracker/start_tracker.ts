/**
 * The way to a tracker for whoever may never want one: what it is made of, a fifth
 * of the whole library, is loaded when the first one is started. A peer is up 20 ms
 * sooner without it.
 *
 * @module
 */
import type { RunningTracker, StartTrackerOptions } from "./tracker_server.ts";

/**
 * Starts a tracker, which keeps its peers in memory unless it is given a store.
 * @throws {TrackerStartError} If it cannot listen there.
 * @throws {TypeError} If it is for listed torrents only, but has no catalogue.
 */
export async function startTracker(
  options: StartTrackerOptions = {},
): Promise<RunningTracker> {
  const { openTracker } = await import("./tracker_server.ts");
  return openTracker(options);
}
