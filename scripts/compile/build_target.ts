/**
 * Builds the executables of one target. The programs are bundled first: an executable
 * that loads a few large modules starts in two thirds of the time. Parts that a program
 * imports on demand stay files of their own. There are no source maps, as V8 would read
 * an inline one at every start; names of functions are kept for stack traces.
 */
import { basename, join, resolve } from "@std/path";
import { exists } from "../clients/client.ts";
import { REPOSITORY, taskParts } from "../programs/tasks.ts";
import {
  type BaseRuntime,
  compareVersions,
  findRuntime,
} from "./base_runtime.ts";
import { CompilerError, runDeno } from "./compiler.ts";
import { sha256 } from "../programs/sample_file.ts";
import {
  type Checksum,
  CHECKSUMS_FILE_NAME,
  DIST,
  EXECUTABLE_NAMES,
  executableFileName,
  type ExecutableName,
  formatChecksums,
  type Target,
  TARGETS,
} from "./targets.ts";

export interface Executable {
  readonly name: ExecutableName;
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
  options: {
    readonly target: Target;
    /** True to include the target in the file names. */
    readonly showsTarget: boolean;
  },
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

/** Arguments for `deno compile`, with the permissions of the program's task. */
export function compileArguments(
  { name, target, path, script, embedded }: {
    readonly name: ExecutableName;
    readonly target: Target;
    readonly path: string;
    readonly script: string;
    /** Files to embed beside the imported modules. */
    readonly embedded: readonly string[];
  },
): string[] {
  return [
    "compile",
    // Everything is in the bundle.
    "--no-config",
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

/** Bundles from this version on are right; that of 2.4 cannot read `redis`. */
const OLDEST_BUNDLER = "2.9.6";

/** The module of the only worker, which no import names. */
const WORKER = "lib/disk/hash_worker.ts";

/** Name of the list of the packages in a bundle, with their licences. */
export const LICENSES_FILE_NAME = "THIRD_PARTY_LICENSES";

export interface Bundle {
  readonly entries: Readonly<Record<ExecutableName, string>>;
  /** Files to embed beside the imported modules. */
  readonly embedded: readonly string[];
}

/** Bundles all programs into a folder. @throws {CompilerError} If the bundler fails. */
export async function bundlePrograms(folder: string): Promise<Bundle> {
  const scripts = EXECUTABLE_NAMES.map((name) => taskParts(name).script);
  await runBundler(["--code-splitting", `--outdir=${folder}`, ...scripts]);
  // The name by which the other modules start it.
  const worker = join(folder, basename(WORKER));
  await runBundler([`--output=${worker}`, WORKER]);
  const licenses = join(folder, LICENSES_FILE_NAME);
  await Deno.writeTextFile(licenses, await readLicenses(folder));
  const entries = Object.fromEntries(
    EXECUTABLE_NAMES.map((name) => [name, join(folder, `${name}.js`)]),
  ) as Bundle["entries"];
  return { entries, embedded: [worker, licenses] };
}

async function runBundler(args: readonly string[]): Promise<void> {
  const own = Deno.version.deno;
  const version = compareVersions(own, OLDEST_BUNDLER) < 0
    ? OLDEST_BUNDLER
    : own;
  const { success, complaint } = await runDeno(
    ["bundle", "--frozen-lockfile", ...args],
    { version },
  );
  if (success) return;
  throw new CompilerError(
    `cannot bundle the programs with Deno ${version}: ${complaint}`,
  );
}

/** The comment before each module of a package, with the package's folder. */
const PACKAGE = /^\/\/ (.*\/npm\/.+?\/\d+\.\d+\.\d+[^/]*)\//gm;

/** The packages in a bundle by name, each with its licence. */
async function readLicenses(folder: string): Promise<string> {
  const found = new Set<string>();
  for await (const { name } of Deno.readDir(folder)) {
    const text = await Deno.readTextFile(join(folder, name));
    for (const [, path] of text.matchAll(PACKAGE)) found.add(path!);
  }
  const notices = await Promise.all([...found].map(async (path) => {
    const at = resolve(REPOSITORY, path);
    const { name, version, license } = JSON.parse(
      await Deno.readTextFile(join(at, "package.json")),
    );
    let notice = `${name} ${version}: ${license}\n`;
    for await (const file of Deno.readDir(at)) {
      if (!/^(licen[cs]e|notice)/i.test(file.name)) continue;
      notice += `\n${await Deno.readTextFile(join(at, file.name))}\n`;
    }
    return notice;
  }));
  return notices.sort().join("\n");
}
