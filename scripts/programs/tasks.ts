/**
 * Runs the project's programs as a user does: in a process with the permissions of
 * the task in `deno.json`, in any folder.
 */
import configuration from "../../deno.json" with { type: "json" };
import { fromFileUrl } from "@std/path";
import {
  type ProgramOptions,
  type ProgramResult,
  type RunningProgram,
  startProgram,
} from "./running_program.ts";

/** The repository, with a slash at the end. */
export const REPOSITORY: string = fromFileUrl(
  new URL("../../", import.meta.url),
);

/** A program by the name of its task. */
export type ProgramName = keyof typeof configuration.tasks;

/**
 * Splits a task such as `deno run -R cli/main/peer.ts show`: the flags of the runtime,
 * the script relative to the repository, and its first arguments.
 * @throws {TypeError} If the task has another form.
 */
export function taskParts(name: ProgramName): {
  readonly flags: readonly string[];
  readonly script: string;
  readonly args: readonly string[];
} {
  const [deno, run, ...words] = configuration.tasks[name].split(" ");
  const index = words.findIndex((word) => word.endsWith(".ts"));
  if (deno !== "deno" || run !== "run" || index < 0) {
    throw new TypeError(
      `Cannot run task ${name}: it is not of the form "deno run FLAGS SCRIPT"`,
    );
  }
  const [flags, args] = [words.slice(0, index), words.slice(index + 1)];
  return { flags, script: words[index]!, args };
}

/**
 * The arguments for `Deno.execPath()` that run a task in any folder.
 * @throws {TypeError} If the task has another form than `deno run FLAGS SCRIPT`.
 */
export function taskArguments(name: ProgramName): string[] {
  const { flags, script, args } = taskParts(name);
  return [...scriptArguments(script, flags), ...args];
}

/** The arguments for `Deno.execPath()` that run a script of the repository in any folder. */
export function scriptArguments(
  script: string,
  flags: readonly string[],
): string[] {
  const configuration = `--config=${REPOSITORY}deno.json`;
  return ["run", configuration, ...flags, REPOSITORY + script];
}

/** Runs a program to its end, in the repository by default. */
export async function runTask(
  name: ProgramName,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  await using program = spawnTask(name, args, options);
  return await program.ended();
}

/** Starts a program, in the repository by default; disposing of it kills it. */
export function spawnTask(
  name: ProgramName,
  args: readonly string[],
  options: ProgramOptions = {},
): RunningProgram {
  const command = [Deno.execPath(), ...taskArguments(name), ...args];
  return startProgram(name, command, { cwd: REPOSITORY, ...options });
}
