/**
 * The sockets of a tracker: TCP, and UDP on the same port number, so that its
 * announce URLs differ in their scheme alone. A tracker gets all of them or an
 * error that says why not. No datagram can stop the UDP server, which passes each
 * one to the handler and sends its answer back.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import { formatPeerAddress } from "../base/peer_address.ts";
import {
  bindEverywhere,
  isPortTaken,
  listenTcp,
} from "../net/listen_everywhere.ts";
import { openUdpSocket, type UdpSocket } from "../net/udp_socket.ts";
import { TrackerStartError } from "./tracker_options.ts";
import type { UdpHandler } from "./udp_handler.ts";

/** Attempts to find a port that is free over both TCP and UDP. */
const FREE_PORT_TRIES = 20;

/**
 * Longest request that is read whole, in bytes: a scrape of 74 torrents has 1496,
 * and options may follow an announce.
 */
const MAX_REQUEST_LENGTH = 2048;

export interface UdpServerOptions {
  /** One address to listen on. @default every address, IPv4 and IPv6 */
  readonly hostname?: string | undefined;
  /** 0 for any free port. */
  readonly port: number;
  readonly handle: UdpHandler;
  /** Decides about a host; others get no answer. @default all are served */
  readonly permits?: Permits | undefined;
  /** Reports errors of the tracker itself; the client gets no answer. */
  readonly onError: (error: unknown) => void;
}

export interface UdpServer {
  readonly port: number;
  /** Closes the sockets and frees the port. May be called again. */
  stop(): Promise<void>;
}

interface TrackerSockets {
  readonly port: number;
  /** At least one. */
  readonly listeners: readonly Deno.TcpListener[];
  /** Serves already; `undefined` without a handler for it. */
  readonly udp: UdpServer | undefined;
}

/**
 * Opens the sockets.
 * @throws {TrackerStartError} If one of them cannot be opened.
 */
export function openTrackerSockets(
  { handle, ...options }:
    & Omit<UdpServerOptions, "handle">
    & { readonly handle: UdpHandler | undefined },
): TrackerSockets {
  const { hostname } = options;
  for (let tries = 1;; tries++) {
    let port = options.port;
    let listeners: readonly Deno.TcpListener[] = [];
    try {
      listeners = listenTcp(port, hostname);
      port = listeners[0]!.addr.port;
      const udp = handle && startUdpServer({ ...options, port, handle });
      return { port, listeners, udp };
    } catch (error) {
      for (const listener of listeners) listener.close();
      const mayHelp = options.port === 0 && listeners.length > 0 &&
        tries < FREE_PORT_TRIES && isPortTaken(error);
      if (mayHelp) continue;
      const place = hostname === undefined
        ? `port ${port}`
        : formatPeerAddress({ hostname, port });
      const protocol = listeners.length > 0 ? " over UDP" : "";
      throw new TrackerStartError(
        `Cannot listen on ${place}${protocol}: ${reasonOf(error)}`,
        { cause: error },
      );
    }
  }
}

/**
 * Starts to serve over UDP.
 * @throws The errors of {@linkcode openUdpSocket}, if the port cannot be opened.
 */
export function startUdpServer(options: UdpServerOptions): UdpServer {
  const { hostname, port, handle, permits, onError } = options;
  const bind = (hostname: string, port: number): UdpSocket => {
    const socket = openUdpSocket({
      hostname,
      port,
      maxLength: MAX_REQUEST_LENGTH,
      onDatagram: (datagram, source) => {
        if (permits !== undefined && !permits(source.hostname)) return;
        const answer = handle(datagram, source.hostname, performance.now());
        if (answer !== undefined) socket.send(answer, source);
      },
      onError,
    });
    return socket;
  };
  const sockets = hostname === undefined
    ? bindEverywhere(port, {
      bind,
      portOf: (socket) => socket.port,
      // Nothing has been sent yet, so the close needs no wait.
      close: (socket) => void socket.close(),
    })
    : [bind(hostname, port)];
  return {
    port: sockets[0]!.port,
    stop: async () => {
      await Promise.all(sockets.map((socket) => socket.close()));
    },
  };
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
