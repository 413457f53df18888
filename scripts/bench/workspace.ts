/**
 * The folder for the files of a benchmark: in memory if that can be mounted, so that
 * no disk is measured. (Deno does not access `/dev/shm`.)
 *
 * @module
 */
import { runCommand } from "../programs/running_program.ts";

/** A temporary folder. */
export interface Workspace extends AsyncDisposable {
  readonly folder: string;
  /** The place of the files in words. */
  readonly place: "in memory" | "on the disk or in its cache";
}

/**
 * Creates a workspace in the system's temporary folder.
 * @param wanted Memory needs root on Linux.
 */
export async function openWorkspace(
  wanted: "memory" | "disk",
): Promise<Workspace> {
  const folder = await Deno.makeTempDir({ prefix: "lanswarm-bench-" });
  const isMounted = wanted === "memory" && await mountMemory(folder);
  return {
    folder,
    place: isMounted ? "in memory" : "on the disk or in its cache",
    [Symbol.asyncDispose]: async () => {
      if (isMounted) await runCommand("umount", [folder]);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function mountMemory(folder: string): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const { code } = await runCommand("mount", [
    ...["-t", "tmpfs", "-o", "mode=0755"],
    ...["lanswarm-bench", folder],
  ]);
  return code === 0;
}
