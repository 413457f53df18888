/**
 * Folders that last as long as a test.
 *
 * @module
 */
import { join } from "@std/path";
import { OWN_FOLDER } from "../../lib/disk/own_folder.ts";

/** A folder; disposing of it removes it with all that is in it. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty folder in the system's place for them, or in `dir`. */
export async function temporaryFolder(dir?: string): Promise<TemporaryFolder> {
  const path = await Deno.makeTempDir({ prefix: "lanswarm-", dir });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Every path below `dir`, sorted, but for what a peer notes down for itself. */
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
