/**
 * Runs any program to its end.
 *
 * @module
 */
import type { ProgramResult } from "./running_program.ts";

/** Options of {@linkcode runCommand}. */
export interface CommandOptions {
  /** The folder that it runs in. @default {the caller's} */
  readonly cwd?: string;
}

/** Runs a program to its end, whatever the outcome. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<ProgramResult> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    ...options,
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
