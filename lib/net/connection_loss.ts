/**
 * How a broken connection shows: each system and each moment has an error of its
 * own, and to whoever reads or writes they are all the same.
 *
 * @module
 */

/** Whether the error is of the network or of our own closing, not a bug. */
export function isConnectionLoss(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.TimedOut ||
    error instanceof Deno.errors.UnexpectedEof ||
    // EHOSTUNREACH, ENETDOWN and their like have no class of their own.
    (error instanceof Error && "code" in error);
}
