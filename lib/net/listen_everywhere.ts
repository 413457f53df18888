/**
 * Listening on every interface, IPv4 and IPv6, whatever the platform makes of
 * `::`: one socket for both families (Linux, macOS) or one for each (Windows,
 * hosts without IPv6).
 *
 * @module
 */

/** How to open and give up a socket. */
export interface WildcardBinding<T> {
  readonly bind: (hostname: string, port: number) => T;
  /** The port that a socket got. */
  readonly portOf: (socket: T) => number;
  readonly close: (socket: T) => void;
}

/**
 * Binds `::` and, where that does not serve IPv4 too, `0.0.0.0`, both on one
 * port; 0 is any free one.
 * @throws What `bind` threw, if the port is not to be had.
 */
export function bindEverywhere<T>(
  port: number,
  { bind, portOf, close }: WildcardBinding<T>,
): T[] {
  let ipv6: T;
  try {
    ipv6 = bind("::", port);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    // No IPv6 on this host.
    return [bind("0.0.0.0", port)];
  }
  try {
    return [ipv6, bind("0.0.0.0", portOf(ipv6))];
  } catch (error) {
    const isServedByIpv6 = error instanceof Deno.errors.AddrInUse &&
      Deno.build.os !== "windows";
    if (isServedByIpv6) return [ipv6];
    close(ipv6);
    throw error;
  }
}
