/**
 * Prints figures that a test measures, whether it passes or fails.
 */

export function report(line: string): void {
  // deno-lint-ignore no-console -- Tests write to the console only here.
  console.log(line);
}
