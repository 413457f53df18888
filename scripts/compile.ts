/**
 * `deno task compile [--target TRIPLE]...`: makes executables of the programs, for
 * this machine or for others, and the list of their checksums. What is up to date
 * stays as it is. Exits 1 if a target could not be built; the others are.
 *
 * @module
 */
import { parseCommandLine } from "../cli/flags.ts";
import { type JobContext, runProgram } from "../cli/program.ts";
import {
  describeError,
  EXIT_CODES,
  type ExitCode,
  UsageError,
} from "../cli/program_error.ts";
import { formatSize } from "../cli/quantity.ts";
import { describeRuntime } from "./compile/base_runtime.ts";
import { buildTarget, type Executable } from "./compile/build_target.ts";
import { CHECKSUMS_FILE_NAME } from "./compile/checksums.ts";
import { ExecutablesUnavailableError } from "./compile/runtime_error.ts";
import { hostTarget, readTargets, TARGETS } from "./compile/targets.ts";

const HELP = `
Makes an executable of each program that machines need where nothing is
installed: dist/tracker and dist/peer, with create and show inside the latter.

Usage: deno task compile [--target TRIPLE]...

  --target TRIPLE  for another system; may be given several times:
                   ${TARGETS.join("\n                   ")}
                   or all of them: all
  --version, --help, --debug

The base runtime, denort, is the one that DENORT_BIN names, or else what Deno
downloads, or else (x86_64 Linux only) taken out of a package on npm.
`;

async function main(
  args: readonly string[],
  { console }: JobContext,
): Promise<ExitCode> {
  const { flags, positionals } = parseCommandLine(args, {
    help: HELP,
    flags: { target: { type: "list" } },
  });
  if (positionals.length > 0) {
    throw new UsageError(`there is no argument ${positionals[0]}`);
  }
  const targets = readTargets(flags.target);
  const executables: Executable[] = [];
  let isComplete = true;
  for (const target of targets ?? [hostTarget()]) {
    const showsTarget = targets !== undefined;
    try {
      executables.push(...await buildTarget({ target, showsTarget }));
    } catch (error) {
      if (!(error instanceof ExecutablesUnavailableError)) throw error;
      console.writeErrorLine(`error: ${describeError(error)}`);
      isComplete = false;
    }
  }
  for (const line of describe(executables)) console.writeLine(line);
  return isComplete ? EXIT_CODES.done : EXIT_CODES.failed;
}

function* describe(executables: readonly Executable[]): Generator<string> {
  if (executables.length === 0) return;
  const runtimes = executables.map(({ runtime }) => describeRuntime(runtime));
  yield `made with ${[...new Set(runtimes)].join(" and ")}`;
  const width = Math.max(...executables.map(({ fileName }) => fileName.length));
  for (const { fileName, length, isNew } of executables) {
    const state = isNew ? "" : "  unchanged";
    yield `dist/${fileName.padEnd(width)}  ${formatSize(length)}${state}`;
  }
  yield `dist/${CHECKSUMS_FILE_NAME}`;
}

if (import.meta.main) {
  Deno.exit(await runProgram({ parse: (args) => args, run: main }));
}
