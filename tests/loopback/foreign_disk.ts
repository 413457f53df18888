/**
 * A file system of another kind than this machine's own, in a file: NTFS as
 * Windows uses it, where case does not count in names. It is mounted by its
 * driver in user space, which `ntfs-3g` brings.
 *
 * @module
 */
import { join } from "@std/path";
import { runCommand } from "../../scripts/programs/run_command.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const IMAGE_LENGTH = 16 * 1024 * 1024;

/** A mounted disk; disposing of it takes it away. */
export interface ForeignDisk extends AsyncDisposable {
  /** Where it is mounted. */
  readonly path: string;
}

/** Makes and mounts one. @throws {Error} If this machine cannot, with the reason. */
export async function mountForeignDisk(): Promise<ForeignDisk> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await temporaryFolder());
  const image = join(folder.path, "image");
  const path = join(folder.path, "disk");
  await Deno.mkdir(path);
  {
    using file = await Deno.open(image, { write: true, createNew: true });
    await file.truncate(IMAGE_LENGTH);
  }
  await run("mkntfs", ["--force", "--fast", "--quiet", image]);
  await run("mount", [
    ...["-t", "lowntfs-3g", "-o", "ignore_case", image, path],
  ]);
  // Lazily: a test that fails may leave a program that still has files open.
  resources.defer(() => run("umount", ["--lazy", path]));
  const kept = resources.move();
  return { path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Why this machine cannot mount one; `undefined` if it can. */
export async function foreignDiskUnavailableReason(): Promise<
  string | undefined
> {
  if (Deno.build.os !== "linux") return `on ${Deno.build.os} it is no other`;
  try {
    await using _disk = await mountForeignDisk();
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n")[0];
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(program, args).catch(
    (error: Error) => ({ code: -1, stderr: error.message }),
  );
  if (code !== 0) throw new Error(`${program} fails: ${stderr.trim()}`);
}
