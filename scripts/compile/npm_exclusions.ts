/**
 * What of the npm packages stays out of an executable. `deno compile` embeds every
 * file of every package in the lock file, also of those that only scripts and
 * tests use.
 *
 * @module
 */
import { join } from "@std/path";
import configuration from "../../deno.json" with { type: "json" };
import { REPOSITORY } from "../repository.ts";
import type { InputFiles } from "./build_inputs.ts";
import type { ExecutableName } from "./targets.ts";
import {
  findNpmImports,
  type LockedPackages,
  type NpmImport,
  packagesNamed,
  reachableFiles,
  unusedPaths,
  withDependencies,
} from "./npm_imports.ts";

/**
 * What is loaded only where it is asked for, and nobody asks for it but this
 * program. The sources do not tell, as all programs share the library.
 */
const PROGRAM_OF: Readonly<Record<string, ExecutableName>> = {
  redis: "tracker",
  "prom-client": "tracker",
};

/**
 * The folders and files in Deno's cache that a program made of `inputs` does not
 * need, as `deno compile --exclude` takes them.
 */
export async function npmExclusions(
  inputs: InputFiles,
  program: ExecutableName,
): Promise<string[]> {
  const imports = findNpmImports(sourcesOf(inputs), configuration.imports)
    .filter(({ packageId }) => {
      const only = PROGRAM_OF[folderOf(packageId)[0]];
      return only === undefined || only === program;
    });
  const locked = await readLockedPackages();
  const packageIds = new Set(imports.map(({ packageId }) => packageId));
  const excluded: string[] = [];
  for (const registry of await registryFolders()) {
    const parts = new Map<string, UsedPart>();
    for (const id of packageIds) {
      const entries = filesImported(imports, id);
      const part = entries &&
        await usedPartOf(join(registry, ...folderOf(id)), entries);
      if (part !== undefined) parts.set(id, part);
    }
    const used = withDependencies(
      packageIds,
      locked,
      (id) => parts.get(id)?.names,
    );
    for (const id of Object.keys(locked)) {
      if (!used.has(id)) excluded.push(join(registry, ...folderOf(id)));
      else excluded.push(...parts.get(id)?.unused ?? []);
    }
  }
  return excluded;
}

/** What is compiled, without what compiles it. */
function* sourcesOf(inputs: InputFiles): Generator<string> {
  const decoder = new TextDecoder();
  for (const [path, content] of inputs) {
    if (path.endsWith(".ts") && !path.startsWith("scripts/")) {
      yield decoder.decode(content);
    }
  }
}

/** The files that are imported by their paths, if all that is imported of a package is. */
function filesImported(
  imports: readonly NpmImport[],
  id: string,
): string[] | undefined {
  const own = imports.filter(({ packageId }) => packageId === id);
  const paths = own.flatMap(({ path }) => path === undefined ? [] : [path]);
  return own.length > 0 && paths.length === own.length ? paths : undefined;
}

/** What of a package is used where files of it are imported by their paths. */
interface UsedPart {
  /** Files and folders that are not. */
  readonly unused: readonly string[];
  /** Other packages that the used files name. */
  readonly names: ReadonlySet<string>;
}

/** What `entries` lead to; `undefined` if that cannot be told, so that all is needed. */
async function usedPartOf(
  folder: string,
  entries: readonly string[],
): Promise<UsedPart | undefined> {
  const files = new Map<string, string>();
  await collectFiles(folder, "", files);
  const used = reachableFiles(files, entries);
  // A path may be one that only the package's own map of exports knows.
  if (!entries.every((entry) => used.has(entry))) return undefined;
  const names = packagesNamed(files, used);
  const unused = unusedPaths(files.keys(), used.add("package.json"));
  return { unused: unused.map((path) => join(folder, path)), names };
}

async function collectFiles(
  folder: string,
  prefix: string,
  files: Map<string, string>,
): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const [location, path] = [join(folder, name), prefix + name];
    if (isDirectory) await collectFiles(location, `${path}/`, files);
    else files.set(path, await Deno.readTextFile(location));
  }
}

/**
 * `string-width@7.2.0` lies in `string-width/7.2.0`. What follows a `_` are the
 * packages that it was locked with.
 */
function folderOf(id: string): [name: string, version: string] {
  const [, name = id, version = ""] = /^(@?[^@]+)@([^_]+)/.exec(id) ?? [];
  return [name, version];
}

async function readLockedPackages(): Promise<LockedPackages> {
  const text = await Deno.readTextFile(join(REPOSITORY, "deno.lock"));
  return (JSON.parse(text) as { npm: LockedPackages }).npm;
}

/** Deno's cache has a folder for each registry that it used. */
async function registryFolders(): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
    stdin: "null",
    stderr: "inherit",
  }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout)) as {
    npmCache: string;
  };
  const folders: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(npmCache)) {
    if (isDirectory) folders.push(join(npmCache, name));
  }
  return folders;
}
