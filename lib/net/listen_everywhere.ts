/**
 * Listening on every interface, IPv4 and IPv6, whatever the platform makes of
 * `::`: one socket for both families (Linux, macOS) or one for each (Windows,
 * hosts without IPv6).
 *
 * @module
 */

/**
 * How often any free port is tried: where each family has a socket of its own,
 * one that is free for IPv6 may be taken for IPv4.
 */
const FREE_PORT_TRIES = 20;

/** How to open and give up a socket. */
export interface WildcardBinding<T> {
  readonly bind: (hostname: string, port: number) => T;
  /** The port that a socket got. */
  readonly portOf: (socket: T) => number;
  readonly close: (socket: T) => void;
  /** @default {Deno.build.os} */
  readonly os?: string;
}

/**
 * Binds `::` and, where that does not serve IPv4 too, `0.0.0.0`, both on one
 * port; 0 is any free one.
 * @throws What `bind` threw, if the port is not to be had.
 */
export function bindEverywhere<T>(
  port: number,
  binding: WildcardBinding<T>,
): T[] {
  for (let tries = 1;; tries++) {
    try {
      return bindBoth(port, binding);
    } catch (error) {
      const mayHelp = port === 0 && tries < FREE_PORT_TRIES &&
        isPortTaken(error, binding.os);
      if (!mayHelp) throw error;
    }
  }
}

/**
 * Whether a socket could not be bound for its port. Windows speaks of permission
 * where another program does not share the port, or the system keeps it.
 */
export function isPortTaken(
  error: unknown,
  os: string = Deno.build.os,
): boolean {
  return error instanceof Deno.errors.AddrInUse ||
    (os === "windows" && error instanceof Deno.errors.PermissionDenied);
}

function bindBoth<T>(
  port: number,
  { bind, portOf, close, os = Deno.build.os }: WildcardBinding<T>,
): T[] {
  let ipv6: T;
  try {
    ipv6 = bind("::", port);
  } catch (error) {
    if (isPortTaken(error, os)) throw error;
    // No IPv6 on this host.
    return [bind("0.0.0.0", port)];
  }
  try {
    return [ipv6, bind("0.0.0.0", portOf(ipv6))];
  } catch (error) {
    const isServedByIpv6 = error instanceof Deno.errors.AddrInUse &&
      os !== "windows";
    if (isServedByIpv6) return [ipv6];
    close(ipv6);
    throw error;
  }
}
