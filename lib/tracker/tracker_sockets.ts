/**
 * The sockets of a tracker: TCP, and UDP on the same port number, so that its
 * announce URLs differ in their scheme alone. A tracker gets all of them or an
 * error that says why not.
 *
 * @module
 */
import { bindEverywhere, isPortTaken } from "../net/listen_everywhere.ts";
import { TrackerStartError } from "./tracker_options.ts";
import {
  startUdpServer,
  type UdpServer,
  type UdpServerOptions,
} from "./udp_server.ts";
import type { UdpHandler } from "./udp_handler.ts";

/** Attempts to find a port that is free over both TCP and UDP. */
const FREE_PORT_TRIES = 20;

/** Options of {@linkcode openTrackerSockets}. */
export interface TrackerSocketsOptions
  extends Omit<UdpServerOptions, "handle"> {
  /** Answers datagrams; without it there is no UDP socket. */
  readonly handleUdp: UdpHandler | undefined;
}

/** Sockets on one port number. */
export interface TrackerSockets {
  readonly port: number;
  /** At least one. */
  readonly listeners: readonly Deno.TcpListener[];
  /** Serves already. */
  readonly udp: UdpServer | undefined;
}

/**
 * Opens the sockets.
 * @throws {TrackerStartError} If one of them cannot be opened.
 */
export function openTrackerSockets(
  options: TrackerSocketsOptions,
): TrackerSockets {
  const { handleUdp: handle } = options;
  for (let tries = 1;; tries++) {
    const listeners = listen(options);
    const { port } = listeners[0]!.addr;
    if (handle === undefined) return { port, listeners, udp: undefined };
    try {
      const udp = startUdpServer({ ...options, port, handle });
      return { port, listeners, udp };
    } catch (error) {
      for (const listener of listeners) listener.close();
      const mayHelp = options.port === 0 && tries < FREE_PORT_TRIES &&
        isPortTaken(error);
      if (!mayHelp) throw startError({ ...options, port }, " over UDP", error);
    }
  }
}

/** The host of a URL: IPv6 in brackets, this machine by default. */
export function urlHostname(hostname = "127.0.0.1"): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

function listen({ hostname, port }: TrackerSocketsOptions): Deno.TcpListener[] {
  try {
    if (hostname !== undefined) return [Deno.listen({ hostname, port })];
    return bindEverywhere(port, {
      bind: (hostname, port) => Deno.listen({ hostname, port }),
      portOf: (listener) => listener.addr.port,
      close: (listener) => listener.close(),
    });
  } catch (error) {
    throw startError({ hostname, port }, "", error);
  }
}

function startError(
  { hostname, port }: Pick<UdpServerOptions, "hostname" | "port">,
  protocol: "" | " over UDP",
  error: unknown,
): TrackerStartError {
  const place = hostname === undefined
    ? `port ${port}`
    : `${urlHostname(hostname)}:${port}`;
  const reason = reasonOf(error);
  return new TrackerStartError(
    `Cannot listen on ${place}${protocol}: ${reason}`,
    { cause: error },
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "the port is taken";
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "the system does not allow it";
  }
  return error instanceof Error ? error.message : String(error);
}
