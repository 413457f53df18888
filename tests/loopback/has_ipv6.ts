/**
 * Tells whether this machine speaks IPv6 with itself.
 *
 * @module
 */

/** Not every container has the IPv6 loopback address. */
export function hasIpv6(): boolean {
  return Deno.networkInterfaces().some(({ address }) => address === "::1");
}
