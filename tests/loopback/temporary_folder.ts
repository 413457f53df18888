/**
 * Temporary folders for tests.
 */
import { join } from "@std/path";
import { OWN_FOLDER } from "../../lib/disk/own_folder.ts";

/** A folder; disposing of it removes it with its content. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty folder in the system's temporary folder, or in `dir`. */
export async function temporaryFolder(dir?: string): Promise<TemporaryFolder> {
  const path = await Deno.makeTempDir({ prefix: "lanswarm-", dir });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Every path below `dir`, sorted, without the peer's own folder. */
export async function listing(dir: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(join(dir, prefix))) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.name === OWN_FOLDER) continue;
    if (entry.isDirectory) found.push(...await listing(dir, path));
    else found.push(path);
  }
  return found.sort();
}

/** A download folder, and a folder outside of it. */
export interface Scene extends AsyncDisposable {
  readonly dir: string;
  readonly outside: string;
}

export async function openScene(): Promise<Scene> {
  const folder = await temporaryFolder();
  const [dir, outside] = [join(folder.path, "dir"), join(folder.path, "out")];
  await Deno.mkdir(dir);
  await Deno.mkdir(outside);
  return {
    dir,
    outside,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
