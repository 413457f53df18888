/**
 * Starts the server of a machine that shares, and loads it only then: a peer starts
 * sooner without the page.
 *
 * @module
 */
import { isPortTaken } from "../net/listen_everywhere.ts";
import { startTracker } from "../tracker/start_tracker.ts";
import {
  DEFAULT_TRACKER_PORT,
  TrackerStartError,
} from "../tracker/tracker_options.ts";
import type { ShareServer, ShareServerOptions } from "./share_server.ts";

/** Ports tried from the first one on; a machine that asks a host tries as many. */
export const SHARE_PORT_COUNT = 10;

/**
 * Starts a server on the port, or on the next free one of ten.
 * @throws {TrackerStartError} If it cannot listen there.
 */
export async function startShareServer(
  options: ShareServerOptions = {},
): Promise<ShareServer> {
  const { port = DEFAULT_TRACKER_PORT } = options;
  const { ShareServer } = await import("./share_server.ts");
  const server = new ShareServer(options);
  const { trackerOptions } = server;
  for (let tried = 1;; tried++) {
    try {
      server.tracker = await startTracker({
        ...options,
        ...trackerOptions,
        port: port === 0 ? 0 : port + tried - 1,
      });
      return server;
    } catch (error) {
      const isTaken = error instanceof TrackerStartError &&
        isPortTaken(error.cause);
      const isLast = tried === SHARE_PORT_COUNT || port + tried > 65_535;
      if (!isTaken || isLast || port === 0) throw error;
    }
  }
}
