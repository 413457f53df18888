/**
 * A disk of a few mebibytes to be filled: a tmpfs mounted on a folder, where the
 * programs that are started after it find it too.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { runCommand } from "../../scripts/programs/running_program.ts";

/** Mounts a disk on `folder`, made for it; disposing of it takes it away. */
export async function mountSmallDisk(
  folder: string,
  length: number,
): Promise<AsyncDisposable> {
  await Deno.mkdir(folder);
  await run("mount", [
    ...["-t", "tmpfs", "-o", `size=${length},mode=1777`, "tmpfs", folder],
  ]);
  return {
    // Lazily: a test that fails may leave a program that still has files open.
    [Symbol.asyncDispose]: () => run("umount", ["--lazy", folder]),
  };
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(program, args);
  assertEquals(code, 0, stderr);
}
