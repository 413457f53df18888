/**
 * Bundles the programs: an executable that loads a few large modules starts in two
 * thirds of the time. Parts that a program imports on demand stay files of their
 * own. There are no source maps, as V8 would read an inline one at every start;
 * names of functions are kept for stack traces.
 *
 * @module
 */
import { basename, join, resolve } from "@std/path";
import { REPOSITORY, taskParts } from "../programs/tasks.ts";
import { compareVersions } from "./base_runtime.ts";
import { CompilerError, runDeno } from "./compiler.ts";
import { EXECUTABLE_NAMES, type ExecutableName } from "./targets.ts";

/** Bundles from this version on are right; that of 2.4 cannot read `redis`. */
const OLDEST_BUNDLER = "2.9.6";

/** The module of the only worker, which no import names. */
const WORKER = "lib/disk/hash_worker.ts";

/** Name of the list of the packages in a bundle, with their licences. */
export const LICENSES_FILE_NAME = "THIRD_PARTY_LICENSES";

/** Paths of a bundle's files. */
export interface Bundle {
  readonly entries: Readonly<Record<ExecutableName, string>>;
  /** Files to embed beside the imported modules. */
  readonly embedded: readonly string[];
}

/**
 * Bundles all programs into a folder.
 * @throws {CompilerError} If the bundler fails.
 */
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
