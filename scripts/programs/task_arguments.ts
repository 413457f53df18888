/**
 * A program's task in `deno.json` as arguments for a process: with the very
 * permissions that a user gives it, in any folder.
 *
 * @module
 */
import configuration from "../../deno.json" with { type: "json" };
import { REPOSITORY } from "../repository.ts";

/** A program, by its task's name. */
export type ProgramName = keyof typeof configuration.tasks;

/** A task's script and what it may do. */
export interface TaskParts {
  /** The flags before the script: permissions and what else the runtime needs. */
  readonly flags: readonly string[];
  /** Relative to the repository. */
  readonly script: string;
}

/**
 * The parts of a task like `deno run -R cli/show.ts`.
 * @throws {TypeError} If the task is not of that form.
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
 * A task as arguments of `Deno.execPath()` that work in any folder.
 * @throws {TypeError} If the task is not of the form `deno run FLAGS SCRIPT`.
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
