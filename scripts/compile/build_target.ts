/**
 * Builds the executables of one target.
 *
 * @module
 */
import { join } from "@std/path";
import { exists } from "../clients/client.ts";
import { taskParts } from "../programs/tasks.ts";
import { type BaseRuntime, findRuntime } from "./base_runtime.ts";
import { bundlePrograms, LICENSES_FILE_NAME } from "./bundle.ts";
import { CompilerError, runDeno } from "./compiler.ts";
import {
  type Checksum,
  CHECKSUMS_FILE_NAME,
  DIST,
  EXECUTABLE_NAMES,
  executableFileName,
  type ExecutableName,
  formatChecksums,
  sha256,
  type Target,
  TARGETS,
} from "./targets.ts";

/** Options for {@linkcode buildTarget}. */
export interface BuildTargetOptions {
  readonly target: Target;
  /** True to include the target in the file names. */
  readonly showsTarget: boolean;
}

/** An executable that was built. */
export interface Executable {
  readonly name: ExecutableName;
  /** In `dist/`. */
  readonly fileName: string;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly runtime: BaseRuntime;
}

/**
 * Builds the executables of a target. Old ones are removed first, so that none is
 * left after a failure.
 * @throws {ExecutablesUnavailableError} If there is no `denort` for the target.
 * @throws {CompilerError} If a `denort` is not the expected one, or the compiler fails.
 */
export async function buildTarget(
  options: BuildTargetOptions,
): Promise<Executable[]> {
  const { target } = options;
  const files = EXECUTABLE_NAMES.map((name) => ({
    name,
    fileName: executableFileName(name, options),
  }));
  await Deno.mkdir(DIST, { recursive: true });
  for (const { fileName } of files) {
    const path = join(DIST, fileName);
    if (await exists(path)) await Deno.remove(path);
  }
  const runtime = await findRuntime(target);
  const folder = await Deno.makeTempDir({ dir: DIST, prefix: ".bundle-" });
  try {
    const { entries, embedded } = await bundlePrograms(folder);
    await Deno.copyFile(
      join(folder, LICENSES_FILE_NAME),
      join(DIST, LICENSES_FILE_NAME),
    );
    const executables: Executable[] = [];
    for (const { name, fileName } of files) {
      const path = join(DIST, fileName);
      const script = entries[name];
      const { success, complaint } = await runDeno(
        compileArguments({ name, target, path, script, embedded }),
        { version: runtime.version, runtimePath: runtime.path },
      );
      if (!success) {
        throw new CompilerError(
          `cannot compile ${name} for ${target} with Deno ${runtime.version}: ${complaint}`,
        );
      }
      const content = await Deno.readFile(path);
      executables.push({ name, fileName, content, runtime });
    }
    return executables;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Options for {@linkcode compileArguments}. */
export interface CompileArgumentsOptions {
  readonly name: ExecutableName;
  readonly target: Target;
  /** Path of the executable. */
  readonly path: string;
  /** Path of the bundled program. */
  readonly script: string;
  /** Files to embed beside the imported modules. */
  readonly embedded: readonly string[];
}

/** Arguments for `deno compile`, with the permissions of the program's task. */
export function compileArguments(
  { name, target, path, script, embedded }: CompileArgumentsOptions,
): string[] {
  return [
    "compile",
    // Everything is in the bundle.
    "--no-config",
    // A missing permission is an error where nobody can answer a prompt.
    "--no-prompt",
    // The code cache would be a file in the system's temporary folder.
    "--no-code-cache",
    `--target=${target}`,
    `--output=${path}`,
    ...embedded.map((file) => `--include=${file}`),
    ...taskParts(name).flags,
    script,
  ];
}

const EXECUTABLE_FILE_NAME = new RegExp(
  String.raw`^(${EXECUTABLE_NAMES.join("|")})(-(${
    TARGETS.join("|")
  }))?(\.exe)?$`,
);

/** Lists all executables in `dist/` with their checksums. */
export async function writeChecksums(): Promise<void> {
  const checksums: Checksum[] = [];
  for await (const { name: fileName, isFile } of Deno.readDir(DIST)) {
    if (!isFile || !EXECUTABLE_FILE_NAME.test(fileName)) continue;
    const content = await Deno.readFile(join(DIST, fileName));
    checksums.push({ fileName, sha256: await sha256(content) });
  }
  const list = formatChecksums(checksums);
  await Deno.writeTextFile(join(DIST, CHECKSUMS_FILE_NAME), list);
}
