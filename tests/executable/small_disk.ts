/**
 * A disk of a few mebibytes: a tmpfs on a folder, visible to programs that are started
 * later.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { runCommand } from "../../scripts/programs/running_program.ts";

/** Mounts a disk on the new folder `folder`; disposing of it unmounts it. */
export async function mountSmallDisk(
  folder: string,
  length: number,
): Promise<AsyncDisposable> {
  await Deno.mkdir(folder);
  await run("mount", [
    ...["-t", "tmpfs", "-o", `size=${length},mode=1777`, "tmpfs", folder],
  ]);
  return {
    // Lazily: after a failure a program may still have files open.
    [Symbol.asyncDispose]: () => run("umount", ["--lazy", folder]),
  };
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(program, args);
  assertEquals(code, 0, stderr);
}
