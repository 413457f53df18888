/**
 * Starts a program: from the first statement, signals are listened for. Loading the
 * rest takes several times as long as to get here, and a signal that arrives
 * meanwhile must not kill the process.
 *
 * @module
 */
import { listenForInterrupt } from "./interrupt.ts";
import type { Program } from "./program.ts";

/** Loads and runs a program, and ends the process with its exit code. */
export async function startProgram<Job>(
  load: () => Promise<Program<Job>>,
): Promise<never> {
  const interrupt = listenForInterrupt();
  const { runProgram } = await import("./program.ts");
  Deno.exit(await runProgram(await load(), { interrupt }));
}
