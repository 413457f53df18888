/**
 * What an executable is made of: the project's files that go into it or decide
 * how it is made. Where none of them changed, nothing is to be built.
 *
 * @module
 */
import { join } from "@std/path";
import { REPOSITORY } from "../repository.ts";
import { sha256 } from "./sha256.ts";

/** Folders and files that an executable depends on. */
const ROOTS = [
  "cli",
  "deno.json",
  "deno.lock",
  "lib",
  "mod.ts",
  "scripts/compile",
];

/** A file's path in the repository, with slashes, and what it holds. */
export type InputFiles = ReadonlyMap<string, Uint8Array>;

/** Reads all that an executable depends on. */
export async function readInputs(): Promise<InputFiles> {
  const files = new Map<string, Uint8Array>();
  for (const root of ROOTS) await collectFiles(root, files);
  return files;
}

/** The SHA-256 of the files, their names and lengths, in whatever order they come. */
export async function hashInputs(files: InputFiles): Promise<string> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  for (const path of [...files.keys()].sort()) {
    const content = files.get(path)!;
    parts.push(encoder.encode(`${path}\n${content.length}\n`), content);
  }
  const whole = await new Blob(parts as BlobPart[]).arrayBuffer();
  return await sha256(new Uint8Array(whole));
}

/**
 * The files that no import names, so that the compiler must be told of them:
 * modules that run as workers (`*_worker.ts`) and all that is not a module, as
 * the assets of a page.
 */
export function embeddedFiles(paths: Iterable<string>): string[] {
  return [...paths].filter((path) =>
    /^(cli|lib)\//.test(path) &&
    (path.endsWith("_worker.ts") || !path.endsWith(".ts"))
  ).sort();
}

async function collectFiles(
  path: string,
  files: Map<string, Uint8Array>,
): Promise<void> {
  const location = join(REPOSITORY, path);
  if ((await Deno.stat(location)).isFile) {
    files.set(path, await Deno.readFile(location));
    return;
  }
  for await (const { name } of Deno.readDir(location)) {
    await collectFiles(`${path}/${name}`, files);
  }
}
