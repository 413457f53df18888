/**
 * The listening sockets of a tracker: on the port asked for and no other, or an
 * error that says why not.
 *
 * @module
 */
import { bindEverywhere } from "../net/listen_everywhere.ts";

/** The port of a tracker that is told none. */
export const DEFAULT_TRACKER_PORT = 8000;

/** The tracker cannot listen: another port or address is to be chosen. */
export class TrackerStartError extends Error {
  /** Stands before the message when the error is printed. */
  override readonly name = "TrackerStartError";
}

/** Where to listen; without a host name on every address. */
export interface TrackerAddress {
  readonly hostname: string | undefined;
  /** 0 for any free one. */
  readonly port: number;
}

/**
 * Listens on one address, or on all, by one port.
 * @throws {TrackerStartError} If it is not to be had.
 */
export function listenForTracker(at: TrackerAddress): Deno.TcpListener[] {
  try {
    if (at.hostname !== undefined) {
      return [Deno.listen({ hostname: at.hostname, port: at.port })];
    }
    return bindEverywhere(at.port, {
      bind: (hostname, port) => Deno.listen({ hostname, port }),
      portOf: (listener) => listener.addr.port,
      close: (listener) => listener.close(),
    });
  } catch (error) {
    throw trackerStartError(at, "TCP", error);
  }
}

/** Why there is no socket to be had there, in words. */
export function trackerStartError(
  at: TrackerAddress,
  protocol: "TCP" | "UDP",
  error: unknown,
): TrackerStartError {
  const how = protocol === "TCP" ? "" : ` over ${protocol}`;
  return new TrackerStartError(
    `Cannot listen on ${describe(at)}${how}: ${reasonOf(error)}`,
    { cause: error },
  );
}

/** An address as a URL has it; that of this machine for all of them. */
export function urlHostname(hostname = "127.0.0.1"): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
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

function describe({ hostname, port }: TrackerAddress): string {
  return hostname === undefined
    ? `port ${port}`
    : `${urlHostname(hostname)}:${port}`;
}
