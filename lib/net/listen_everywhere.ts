/**
 * Listening on every interface, IPv4 and IPv6, whatever the platform makes of
 * `::`: one socket for both families (Linux, macOS) or one for each (Windows,
 * hosts without IPv6).
 *
 * @module
 */

/**
 * Calls `bind` with `::` and then with `0.0.0.0` and returns what was bound. The
 * second failing with "address in use" means that the first serves both; a host
 * without IPv6 has only the second.
 * @throws What `bind` threw, if nothing could be bound.
 */
export function bindEverywhere<T>(bind: (hostname: string) => T): T[] {
  let ipv6: T;
  try {
    ipv6 = bind("::");
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return [bind("0.0.0.0")];
  }
  try {
    return [ipv6, bind("0.0.0.0")];
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return [ipv6];
  }
}
