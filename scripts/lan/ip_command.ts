/**
 * Runs `ip`, the program that makes networks and puts processes on them.
 *
 * @module
 */

import type { ProgramResult } from "../programs/running_program.ts";
import { runCommand } from "../programs/run_command.ts";

/** Runs `ip` with `args`. @throws {Error} If it fails, with what it said. */
export async function ip(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tryIp(args);
  if (code !== 0) {
    throw new Error(
      `Cannot run ip ${args.join(" ")}: exit code ${code}: ${stderr.trim()}`,
    );
  }
  return stdout;
}

/** Runs `ip` with `args`, whatever the outcome. */
export async function tryIp(args: readonly string[]): Promise<ProgramResult> {
  return await runCommand("ip", args);
}
