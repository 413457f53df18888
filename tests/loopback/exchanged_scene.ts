/**
 * A download folder beside a folder that nothing may be written to.
 *
 * @module
 */
import { join } from "@std/path";
import { type TemporaryFolder, temporaryFolder } from "./temporary_folder.ts";

/** A download folder, and a folder outside of it. */
export interface Scene extends AsyncDisposable {
  readonly dir: string;
  readonly outside: string;
}

export async function openScene(): Promise<Scene> {
  const folder: TemporaryFolder = await temporaryFolder();
  const [dir, outside] = [join(folder.path, "dir"), join(folder.path, "out")];
  await Deno.mkdir(dir);
  await Deno.mkdir(outside);
  return {
    dir,
    outside,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
