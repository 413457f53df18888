/**
 * Binds a port on every interface for IPv4 and IPv6: one socket where `::` serves
 * both families (Linux, macOS), one for each elsewhere (Windows, hosts without
 * IPv6).
 *
 * @module
 */

/**
 * Free ports tried: where each family has its own socket, a port that is free for
 * IPv6 may be taken for IPv4.
 */
const MAX_FREE_PORTS_TRIED = 20;

export interface WildcardBinding<T> {
  readonly bind: (hostname: string, port: number) => T;
  readonly portOf: (socket: T) => number;
  readonly close: (socket: T) => void;
  readonly os?: string;
}

/**
 * Binds `::` and, where that does not serve IPv4, `0.0.0.0` on the same port; 0 is
 * any free one.
 * @throws The error of `bind`, if the port is taken.
 */
export function bindEverywhere<T>(
  port: number,
  binding: WildcardBinding<T>,
): T[] {
  for (let tries = 1;; tries++) {
    try {
      return bindBoth(port, binding);
    } catch (error) {
      const mayHelp = port === 0 && tries < MAX_FREE_PORTS_TRIED &&
        isPortTaken(error, binding.os);
      if (!mayHelp) throw error;
    }
  }
}

/**
 * Listens over TCP on one address, or on every interface as
 * {@linkcode bindEverywhere} does.
 */
export function listenTcp(port: number, hostname?: string): Deno.TcpListener[] {
  if (hostname !== undefined) return [Deno.listen({ hostname, port })];
  return bindEverywhere(port, {
    bind: (hostname, port) => Deno.listen({ hostname, port }),
    portOf: (socket) => socket.addr.port,
    close: (socket) => socket.close(),
  });
}

/**
 * True for the error of a port that is taken. Windows reports a lack of permission
 * if another program does not share the port, or the system reserves it.
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
    // This host has no IPv6.
    return [bind("0.0.0.0", port)];
  }
  try {
    return [ipv6, bind("0.0.0.0", portOf(ipv6))];
  } catch (error) {
    const servesIpv4 = error instanceof Deno.errors.AddrInUse &&
      os !== "windows";
    if (servesIpv4) return [ipv6];
    close(ipv6);
    throw error;
  }
}
