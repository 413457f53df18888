/**
 * `deno task release`: builds for every target that has a `denort`, and packs each
 * with README, LICENSE and checksums into `dist/release/`. Reports the targets that
 * cannot be built; exits 1 if none can.
 */
import { basename, join } from "@std/path";
import type { Console } from "../cli/console.ts";
import { parseCommandLine } from "../cli/flags.ts";
import { type JobContext, programOf, runProgram } from "../cli/program.ts";
import {
  describeError,
  EXIT_CODES,
  type ExitCode,
} from "../cli/program_error.ts";
import { formatSize } from "../cli/quantity.ts";
import { buildTarget, LICENSES_FILE_NAME } from "./compile/build_target.ts";
import {
  type ArchiveEntry,
  archiveFileName,
  packRelease,
} from "./compile/release_archive.ts";
import { sha256 } from "./programs/sample_file.ts";
import {
  type Checksum,
  CHECKSUMS_FILE_NAME,
  DIST,
  executableFileName,
  ExecutablesUnavailableError,
  formatChecksums,
  type Target,
  TARGETS,
} from "./compile/targets.ts";
import { REPOSITORY } from "./programs/tasks.ts";
import configuration from "../deno.json" with { type: "json" };

const FOLDER = join(DIST, "release");

const HELP = `
Packs the executables of every target that can be built into dist/release/.

Usage: deno task release

Options:

If the base runtime of another system cannot be downloaded, DENORT_BIN may name
it: see deno task compile --help.
`;

async function release(
  _: unknown,
  { console }: JobContext,
): Promise<ExitCode> {
  await Deno.mkdir(FOLDER, { recursive: true });
  // Older archives do not belong to this release.
  for await (const { name } of Deno.readDir(FOLDER)) {
    await Deno.remove(join(FOLDER, name));
  }
  const checksums: Checksum[] = [];
  for (const target of TARGETS) {
    try {
      checksums.push(await releaseTarget(target, console));
    } catch (error) {
      if (!(error instanceof ExecutablesUnavailableError)) throw error;
      console.writeErrorLine(`left out: ${describeError(error)}`);
    }
  }
  if (checksums.length === 0) return EXIT_CODES.failed;
  await Deno.writeTextFile(
    join(FOLDER, CHECKSUMS_FILE_NAME),
    formatChecksums(checksums),
  );
  console.writeLine(`dist/release/${CHECKSUMS_FILE_NAME}`);
  return EXIT_CODES.done;
}

/** Builds and packs one target; returns the checksum of the archive. */
async function releaseTarget(
  target: Target,
  console: Console,
): Promise<Checksum> {
  const built = await buildTarget({ target, showsTarget: true });
  const files: ArchiveEntry[] = built.map(({ name, content }) => {
    const path = executableFileName(name, { target });
    return { path, content, isExecutable: true };
  });
  const texts = ["README.md", "LICENSE"].map((name) => join(REPOSITORY, name));
  for (const path of [...texts, join(DIST, LICENSES_FILE_NAME)]) {
    files.push({ path: basename(path), content: await Deno.readFile(path) });
  }
  const release = { version: configuration.version, target };
  const archive = await packRelease(release, files);
  const fileName = archiveFileName(release);
  await Deno.writeFile(join(FOLDER, fileName), archive);
  console.writeLine(`dist/release/${fileName}  ${formatSize(archive.length)}`);
  return { fileName, sha256: await sha256(archive) };
}

if (import.meta.main) {
  const parse = (args: readonly string[]) =>
    parseCommandLine(args, { help: HELP, flags: {} });
  Deno.exit(await runProgram(programOf(parse, release)));
}
