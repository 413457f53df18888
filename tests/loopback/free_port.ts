/**
 * Ports that nobody listens on.
 *
 * @module
 */

/** A TCP port of 127.0.0.1 that was free just now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
