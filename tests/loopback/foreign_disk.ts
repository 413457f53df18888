/**
 * A file system of another kind than the machine's own: NTFS in a file, which
 * ignores case in names. The package `ntfs-3g` has its driver, which runs in user
 * space: when the driver is killed the disk vanishes, as if it were pulled out.
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  runChecked,
  type RunningProgram,
  startProgram,
} from "../../scripts/programs/running_program.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const IMAGE_LENGTH = 16 * 1024 * 1024;

export interface ForeignDisk extends AsyncDisposable {
  readonly path: string;
  /** Kills the driver while the disk is in use. */
  vanish(): Promise<void>;
}

/**
 * Makes and mounts a disk.
 * @param option One more of the driver's, such as `windows_names`.
 * @throws {Error} If this machine cannot, with the reason.
 */
export async function mountForeignDisk(
  option = "ignore_case",
): Promise<ForeignDisk> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await temporaryFolder());
  const image = join(folder.path, "image");
  const path = join(folder.path, "disk");
  await Deno.mkdir(path);
  {
    using file = await Deno.open(image, { write: true, createNew: true });
    await file.truncate(IMAGE_LENGTH);
  }
  await runChecked("mkntfs", ["--force", "--fast", "--quiet", image]);
  const options = `ignore_case,no_detach,${option}`;
  const driver = resources.use(
    startProgram("lowntfs-3g", ["lowntfs-3g", "-o", options, image, path]),
  );
  await mounted(path, driver);
  // Lazily: a failed test may leave a program that has files open. The driver ends
  // with it.
  resources.defer(() => unmount(path));
  const kept = resources.move();
  return {
    path,
    vanish: async () => void await driver.stop("SIGKILL"),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Mounts an empty disk in memory; disposing of it unmounts it. @param size Its size, as `64k`. */
export async function mountMemoryDisk(
  path: string,
  size = "50%",
): Promise<AsyncDisposable> {
  await runChecked("mount", [
    "-t",
    "tmpfs",
    "-o",
    `size=${size}`,
    "tmpfs",
    path,
  ]);
  return { [Symbol.asyncDispose]: () => unmount(path) };
}

/** The reason that this machine cannot mount a disk in memory; `undefined` if it can. */
export const noMemoryDisk: string | undefined = Deno.build.os !== "linux"
  ? `on ${Deno.build.os} it is mounted in another way`
  : Deno.uid() === 0
  ? undefined
  : "mounts need root";

export async function makeReadOnly(path: string): Promise<void> {
  await runChecked("mount", ["-o", "remount,ro", path]);
}

/** Unmounts a disk; files that are open stay open. */
export async function unmount(path: string): Promise<void> {
  await runChecked("umount", ["--lazy", path]);
}

/** The reason that this machine cannot mount such a disk; `undefined` if it can. */
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

/** Waits until a disk is mounted at `path`. */
async function mounted(path: string, driver: RunningProgram): Promise<void> {
  const below = await Deno.stat(join(path, ".."));
  let failure: string | undefined;
  driver.result.then(({ stderr }) => failure = stderr.trim());
  while ((await Deno.stat(path)).dev === below.dev) {
    if (failure !== undefined) throw new Error(`lowntfs-3g fails: ${failure}`);
    await delay(10);
  }
}
