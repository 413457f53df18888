/**
 * Finds ports that nobody listens on.
 *
 * @module
 */

/** Below the ephemeral ports, which tests in parallel receive for port 0. */
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;

/** A TCP port of 127.0.0.1 that is free and that no other test is likely to choose. */
export function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
