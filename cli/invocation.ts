/**
 * How a program of this project is called on this machine, for the commands that
 * the programs suggest.
 *
 * @module
 */

/** A program that is suggested. */
export type SuggestedProgram = "create" | "peer";

/** `deno task create` and `deno task peer` under Deno, `peer create` and `peer` for those who have the executable. */
export function invocationOf(program: SuggestedProgram): string {
  if (!Deno.build.standalone) return `deno task ${program}`;
  // The executable `peer` is `create` too.
  return program === "peer" ? "peer" : `peer ${program}`;
}
