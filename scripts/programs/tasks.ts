/**
 * Runs the project's programs as a user does: in a process with the permissions of
 * the task in `deno.json`, in any folder.
 *
 * @module
 */
import configuration from "../../deno.json" with { type: "json" };
import { REPOSITORY } from "../repository.ts";
import { type ProgramResult, RunningProgram } from "./running_program.ts";

/** A program by the name of its task. */
export type ProgramName = keyof typeof configuration.tasks;

/** The script of a task and its flags. */
export interface TaskParts {
  /** The flags before the script: permissions and settings of the runtime. */
  readonly flags: readonly string[];
  /** Relative to the repository. */
  readonly script: string;
}

/**
 * Splits a task such as `deno run -R cli/show.ts`.
 * @throws {TypeError} If the task has another form.
 */
export function taskParts(name: ProgramName): TaskParts {
  const [deno, run, ...flags] = configuration.tasks[name].split(" ");
  const script = flags.pop();
  if (deno !== "deno" || run !== "run" || !script?.endsWith(".ts")) {
    throw new TypeError(
      `Cannot run task ${name}: it is not of the form "deno run FLAGS SCRIPT"`,
    );
  }
  return { flags, script };
}

/**
 * The arguments for `Deno.execPath()` that run a task in any folder.
 * @throws {TypeError} If the task has another form than `deno run FLAGS SCRIPT`.
 */
export function taskArguments(name: ProgramName): string[] {
  const { flags, script } = taskParts(name);
  return [
    "run",
    `--config=${REPOSITORY}deno.json`,
    ...flags,
    REPOSITORY + script,
  ];
}

/** Options for {@linkcode runTask} and {@linkcode spawnTask}. */
export interface ProgramOptions {
  /** The folder in which the program runs. @default {the repository} */
  readonly cwd?: string;
  /** Variables in addition to those of the caller. @default {{}} */
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

/** Starts a program; disposing of it kills it. */
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
