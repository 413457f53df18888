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

/**
 * `deno run -R cli/show.ts` of a task as arguments of `Deno.execPath()` that
 * work in any folder.
 * @throws {TypeError} If the task is not of that form.
 */
export function taskArguments(name: ProgramName): string[] {
  const [deno, run, ...rest] = configuration.tasks[name].split(" ");
  const script = rest.pop();
  if (deno !== "deno" || run !== "run" || !script?.endsWith(".ts")) {
    throw new TypeError(
      `Cannot run task ${name}: it is not of the form "deno run FLAGS SCRIPT"`,
    );
  }
  return [
    "run",
    `--config=${REPOSITORY}deno.json`,
    ...rest,
    REPOSITORY + script,
  ];
}
