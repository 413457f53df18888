/**
 * The UDP server of a tracker: passes each datagram to the handler and sends its
 * answer back. No datagram can stop it.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import { bindEverywhere } from "../net/listen_everywhere.ts";
import { openUdpSocket, type UdpSocket } from "../net/udp_socket.ts";
import type { UdpHandler } from "./udp_handler.ts";

/**
 * Longest request that is read whole, in bytes: a scrape of 74 torrents has 1496,
 * and options may follow an announce.
 */
const MAX_REQUEST_LENGTH = 2048;

/** Options of {@linkcode startUdpServer}. */
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

/** A running UDP server. */
export interface UdpServer {
  readonly port: number;
  /** Closes the sockets and frees the port. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts to serve.
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
