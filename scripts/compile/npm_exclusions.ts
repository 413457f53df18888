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
import {
  findNpmImports,
  type LockedPackages,
  type NpmImport,
  reachableFiles,
  unusedPaths,
  withDependencies,
} from "./npm_imports.ts";

/**
 * The folders and files in Deno's cache that the sources among `inputs` do not
 * need, as `deno compile --exclude` takes them.
 */
export async function npmExclusions(inputs: InputFiles): Promise<string[]> {
  const imports = findNpmImports(sourcesOf(inputs), configuration.imports);
  const locked = await readLockedPackages();
  const used = withDependencies(
    imports.map(({ packageId }) => packageId),
    locked,
  );
  const excluded: string[] = [];
  for (const registry of await registryFolders()) {
    for (const id of Object.keys(locked)) {
      const folder = join(registry, ...folderOf(id));
      if (used.has(id)) {
        excluded.push(...await unusedIn(folder, filesImported(imports, id)));
      } else {
        excluded.push(folder);
      }
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

/** The files of a package that `entries` do not lead to; all are needed where there are none. */
async function unusedIn(
  folder: string,
  entries: readonly string[] | undefined,
): Promise<string[]> {
  if (entries === undefined) return [];
  const files = new Map<string, string>();
  await collectFiles(folder, "", files);
  const used = reachableFiles(files, entries);
  // A path may be one that only the package's own map of exports knows.
  if (!entries.every((entry) => used.has(entry))) return [];
  used.add("package.json");
  return unusedPaths(files.keys(), used).map((path) => join(folder, path));
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

/** `string-width@7.2.0` lies in `string-width/7.2.0`. */
function folderOf(id: string): [name: string, version: string] {
  const at = id.lastIndexOf("@");
  return [id.slice(0, at), id.slice(at + 1)];
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
