/**
 * All sockets of a tracker: TCP, and UDP by the same port number if that is asked
 * for, so that its announce URLs differ in their beginning alone.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import { SIP_HASH_KEY_LENGTH } from "./sip_hash.ts";
import { createUdpHandler, type UdpHandlerOptions } from "./udp_handler.ts";
import { isPortTaken } from "../net/listen_everywhere.ts";
import {
  listenForTracker,
  type TrackerAddress,
  trackerStartError,
} from "./listen_for_tracker.ts";
import { startUdpServer, type UdpServer } from "./udp_server.ts";

/** How often any free port is tried: one that TCP has free may be taken for UDP. */
const FREE_PORT_TRIES = 20;

/** Sockets by one port number. */
export interface TrackerSockets {
  /** One at least. */
  readonly listeners: Deno.TcpListener[];
  /** Answers already, if it was asked for. */
  readonly udp: UdpServer | undefined;
}

/** What is answered over UDP. */
export interface UdpTrackerOptions extends Omit<UdpHandlerOptions, "secret"> {
  /** Whether a host is answered. */
  readonly permits: Permits;
  /** Hears of faults in the tracker itself. */
  readonly onError: (error: unknown) => void;
}

/**
 * Opens them, or none.
 * @throws {TrackerStartError} If one is not to be had.
 */
export function openTrackerSockets(
  at: TrackerAddress,
  udp: UdpTrackerOptions | undefined,
): TrackerSockets {
  if (udp === undefined) return { listeners: listenForTracker(at), udp };
  const secret = crypto.getRandomValues(new Uint8Array(SIP_HASH_KEY_LENGTH));
  const handle = createUdpHandler({ ...udp, secret });
  const { permits, onError } = udp;
  for (let tries = 1;; tries++) {
    const listeners = listenForTracker(at);
    const { port } = listeners[0]!.addr;
    try {
      const server = startUdpServer({ ...at, port, handle, permits, onError });
      return { listeners, udp: server };
    } catch (error) {
      for (const listener of listeners) listener.close();
      const mayHelp = at.port === 0 && tries < FREE_PORT_TRIES &&
        isPortTaken(error);
      if (!mayHelp) throw trackerStartError({ ...at, port }, "UDP", error);
    }
  }
}
