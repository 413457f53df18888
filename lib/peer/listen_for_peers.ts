/**
 * The listening socket of a peer: on the port asked for, or the next free one.
 *
 * @module
 */
import { bindEverywhere, isPortTaken } from "../net/listen_everywhere.ts";

/** Ports tried, the one asked for included. */
const PORTS_TRIED = 100;

/** Options for {@linkcode listenForPeers}. */
export interface ListenOptions {
  /** First port to try; 0 for any free one. */
  readonly port: number;
  /** Address to listen on; all interfaces if not given. */
  readonly hostname: string | undefined;
}

/** Sockets of one port: one, or one for each address family. */
export interface PeerSockets {
  readonly port: number;
  readonly sockets: readonly Deno.TcpListener[];
}

/**
 * Opens the port, or the first free one after it.
 * @throws {Deno.errors.AddrInUse} If all that were tried are taken.
 * @throws {Deno.errors.AddrNotAvailable} If this host has no such address.
 */
export function listenForPeers(options: ListenOptions): PeerSockets {
  const last = Math.min(options.port + PORTS_TRIED - 1, 65535);
  for (let port = options.port;; port++) {
    try {
      return open(port, options.hostname);
    } catch (error) {
      if (!isPortTaken(error) || options.port === 0 || port === last) {
        throw error;
      }
    }
  }
}

function open(port: number, hostname: string | undefined): PeerSockets {
  if (hostname !== undefined) {
    const socket = Deno.listen({ hostname, port });
    return { port: socket.addr.port, sockets: [socket] };
  }
  const sockets = bindEverywhere(port, {
    bind: (wildcard, port) => Deno.listen({ hostname: wildcard, port }),
    portOf: (socket) => socket.addr.port,
    close: (socket) => socket.close(),
  });
  return { port: sockets[0]!.addr.port, sockets };
}
