/**
 * Runs the project's programs as a user does: a process of its own, with the
 * permissions that the task in `deno.json` gives it, in a folder of the caller's
 * choosing.
 *
 * @module
 */
import { REPOSITORY } from "../repository.ts";
import { type ProgramName, taskArguments } from "./task_arguments.ts";
import { type ProgramResult, RunningProgram } from "./running_program.ts";

export type { ProgramName } from "./task_arguments.ts";

/** Options of {@linkcode runTask} and {@linkcode spawnTask}. */
export interface ProgramOptions {
  /** The folder that the program runs in. @default {the repository} */
  readonly cwd?: string;
  /** Variables beside those of the caller. @default {{}} */
  readonly env?: Record<string, string>;
}

/** Runs a program to its end. */
export async function runTask(
  name: ProgramName,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  await using program = spawnTask(name, args, options);
  return await program.result;
}

/** Starts a program; disposing of it kills it if it still runs. */
export function spawnTask(
  name: ProgramName,
  args: readonly string[],
  options: ProgramOptions = {},
): RunningProgram {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...taskArguments(name), ...args],
    cwd: options.cwd ?? REPOSITORY,
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  return new RunningProgram(name, command.spawn());
}
