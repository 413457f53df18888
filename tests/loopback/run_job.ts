/**
 * Runs programs as jobs of the test's own process, which takes a fraction of the
 * time of a start: for tables of command lines. That a process prints and exits as
 * its job does is tested with one command line of each.
 */
import { Console } from "../../cli/console.ts";
import type { LineStream } from "../../cli/line_writer.ts";
import type { Program } from "../../cli/program.ts";
import { exitCodeOf, reportError } from "../../cli/program_error.ts";
import type { ProgramResult } from "../../scripts/programs/running_program.ts";

/** Runs a program to its end; it gives up no permission of this process. */
export async function runJob(
  program: Program,
  args: readonly string[],
): Promise<ProgramResult> {
  const output = { stdout: "", stderr: "" };
  const streamTo = (name: keyof typeof output): LineStream => ({
    write: (bytes) => {
      output[name] += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
    isTerminal: () => false,
  });
  const console = new Console({
    stdout: streamTo("stdout"),
    stderr: streamTo("stderr"),
    size: () => ({ columns: 80, rows: 24 }),
    canMoveCursor: false,
  });
  const permissions = { keepOnly: () => Promise.resolve() };
  const { signal } = new AbortController();
  let code: number;
  try {
    const job = await program(args);
    code = await job({ console, signal, permissions }) ?? 0;
  } catch (error) {
    reportError(console, error, { isDebug: false });
    code = exitCodeOf(error);
  }
  await console.end();
  return { code, ...output };
}
