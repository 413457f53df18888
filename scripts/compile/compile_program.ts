/**
 * Makes one executable: a program with what its task in `deno.json` allows it.
 *
 * @module
 */
import { taskParts } from "../programs/task_arguments.ts";
import type { BaseRuntime } from "./base_runtime.ts";
import { embeddedFiles, type InputFiles } from "./build_inputs.ts";
import { runCompiler } from "./compiler.ts";
import { npmExclusions } from "./npm_exclusions.ts";
import { RuntimeError } from "./runtime_error.ts";
import type { ExecutableName, Target } from "./targets.ts";

/** Options of {@linkcode compileProgram}. */
export interface CompileProgramOptions {
  readonly name: ExecutableName;
  readonly target: Target;
  /** Of the executable; a file that is there is replaced at once. */
  readonly path: string;
  readonly runtime: BaseRuntime;
  /** What it is made of. */
  readonly files: InputFiles;
}

/**
 * Compiles a program.
 * @throws {RuntimeError} If the compiler fails; the message has what it said.
 */
export async function compileProgram(
  { name, target, path, runtime, files }: CompileProgramOptions,
): Promise<void> {
  const { success, complaint } = await runCompiler(
    compileArguments({
      name,
      target,
      path,
      embedded: embeddedFiles(files.keys()),
      excluded: await npmExclusions(files, name),
    }),
    { version: runtime.version, runtimePath: runtime.path },
  );
  if (!success) {
    throw new RuntimeError(
      `cannot compile ${name} for ${target} with Deno ${runtime.version}: ${complaint}`,
    );
  }
}

/** Options of {@linkcode compileArguments}. */
export interface CompileArgumentsOptions {
  readonly name: ExecutableName;
  readonly target: Target;
  readonly path: string;
  /** Files to add to what is imported. */
  readonly embedded: readonly string[];
  /** Files and folders to leave out. */
  readonly excluded: readonly string[];
}

/** What `deno compile` is given: the task's permissions, made fast. */
export function compileArguments(
  { name, target, path, embedded, excluded }: CompileArgumentsOptions,
): string[] {
  const { flags, script } = taskParts(name);
  return [
    "--frozen",
    // What is not allowed fails, where nobody could answer a question.
    "--no-prompt",
    // The code cache would be a file in the system's temporary folder.
    "--no-code-cache",
    `--target=${target}`,
    `--output=${path}`,
    ...embedded.map((file) => `--include=${file}`),
    ...excluded.map((file) => `--exclude=${file}`),
    ...flags,
    script,
  ];
}
