/**
 * The tracker's UDP side on real sockets: each datagram goes to the handler and
 * its answer back to where it came from. Nothing that arrives can stop it.
 *
 * @module
 */
import type { Permits } from "../base/address_filter.ts";
import type { UdpHandler } from "./udp_handler.ts";
import { bindEverywhere } from "../net/listen_everywhere.ts";
import { openUdpSocket, type UdpSocket } from "../net/udp_socket.ts";

/**
 * Longest request that is read whole, in bytes: one of 74 torrents has 1496, and
 * options may follow an announce.
 */
const MAX_REQUEST_LENGTH = 2048;

/** Where a UDP tracker listens and what it does. */
export interface UdpServerOptions {
  /** One address to listen on. @default every address, IPv4 and IPv6 */
  readonly hostname?: string | undefined;
  /** 0 for any free one. */
  readonly port: number;
  readonly handle: UdpHandler;
  /** Whether a host is answered; one that is not hears nothing. @default everybody */
  readonly permits?: Permits;
  /** Hears of faults in the tracker itself; the asker hears nothing. */
  readonly onError: (error: unknown) => void;
}

/** A UDP tracker that runs. */
export interface UdpServer {
  readonly port: number;
  /** Closes the sockets and lets go of the port; may be called again. */
  stop(): Promise<void>;
}

/**
 * Starts to answer.
 * @throws What {@linkcode openUdpSocket} throws, if the port is not to be had.
 */
export function startUdpServer(options: UdpServerOptions): UdpServer {
  const { hostname, port, handle, onError } = options;
  const permits = options.permits ?? (() => true);

  function bind(hostname: string, port: number): UdpSocket {
    const socket = openUdpSocket({
      hostname,
      port,
      maxLength: MAX_REQUEST_LENGTH,
      onDatagram: (datagram, source) => {
        if (!permits(source.hostname)) return;
        const answer = handle(datagram, source.hostname, performance.now());
        if (answer !== undefined) socket.send(answer, source);
      },
      onError,
    });
    return socket;
  }

  const sockets = hostname === undefined
    ? bindEverywhere(port, {
      bind,
      portOf: (socket) => socket.port,
      // It answered nobody yet, so nothing is on its way.
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
