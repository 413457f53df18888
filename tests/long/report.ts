/**
 * Figures that a test of minutes is read for; printed whatever becomes of it.
 *
 * @module
 */

/** Prints one line. */
export function report(line: string): void {
  // deno-lint-ignore no-console -- This is what the figures are for.
  console.log(line);
}
