/**
 * Recognizes a broken connection: each system and each moment has an error of its
 * own for it.
 *
 * @module
 */

/** True for an error of the network or of our own closing, false for a bug. */
export function isConnectionLoss(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.TimedOut ||
    error instanceof Deno.errors.UnexpectedEof ||
    // EHOSTUNREACH, ENETDOWN and others have no class.
    (error instanceof Error && "code" in error);
}
