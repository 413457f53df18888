/**
 * Why no executable comes about.
 *
 * @module
 */

/** There is no `denort` to be had for a target; the message is one line. */
export class ExecutablesUnavailableError extends Error {
  override readonly name = "ExecutablesUnavailableError";
}

/** A `denort` was found that is not the one expected, or that Deno refuses. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
}
