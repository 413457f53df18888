/**
 * The folder that a benchmark's files are in: memory where one may be mounted,
 * so that no disk is measured. (Not `/dev/shm`: Deno keeps out of `/dev`.)
 *
 * @module
 */
import { runCommand } from "../programs/running_program.ts";

/** Where the files are. */
export type WorkspaceKind = "memory" | "disk";

/** A folder that goes with all that is in it. */
export interface Workspace extends AsyncDisposable {
  readonly folder: string;
  readonly kind: WorkspaceKind;
}

/**
 * Makes one, in the system's temporary folder.
 * @param wanted Memory is had only by root on Linux.
 */
export async function openWorkspace(wanted: WorkspaceKind): Promise<Workspace> {
  const folder = await Deno.makeTempDir({ prefix: "lanswarm-bench-" });
  const isMounted = wanted === "memory" && await mountMemory(folder);
  return {
    folder,
    kind: isMounted ? "memory" : "disk",
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
