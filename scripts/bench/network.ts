/**
 * The place of a benchmark: hosts in network namespaces, or processes on 127.0.0.1 in
 * folders of their own; and the folder for their files, in memory if that can be mounted,
 * so that no disk is measured. (Deno does not access `/dev/shm`.)
 */
import { join } from "@std/path";
import { Host } from "../lan/host.ts";
import {
  createLan,
  type LanOptions,
  lanUnavailableReason,
} from "../lan/lan.ts";
import { runCommand } from "../programs/running_program.ts";

export type NetworkKind = "namespaces" | "loopback";

/** Hosts that reach each other. Disposing of the network ends their processes. */
export interface BenchmarkNetwork<Name extends string> extends AsyncDisposable {
  host(name: Name): Host;
}

export type LinkRates = Pick<
  LanOptions,
  "megabitsPerSecond" | "megabitsPerSecondOf"
>;

export async function bestNetworkKind(): Promise<NetworkKind> {
  return await lanUnavailableReason() === undefined ? "namespaces" : "loopback";
}

export async function openNetwork<Name extends string>(
  names: readonly Name[],
  { kind, dir, rates }: {
    readonly kind: NetworkKind;
    readonly dir: string;
    /** Only for namespaces. @default {{}} No limit. */
    readonly rates?: LinkRates;
  },
): Promise<BenchmarkNetwork<Name>> {
  if (kind === "namespaces") {
    return await createLan(names, { dir, ...rates });
  }
  const root = await Deno.makeTempDir({ dir });
  const hosts = new Map<Name, Host>();
  for (const name of names) {
    const folder = join(root, name);
    await Deno.mkdir(folder);
    hosts.set(name, new Host({ name, address: "127.0.0.1", folder }));
  }
  return {
    host: (name) => hosts.get(name)!,
    [Symbol.asyncDispose]: async () => {
      for (const host of hosts.values()) await host.endProcesses();
      await Deno.remove(root, { recursive: true });
    },
  };
}

export interface Workspace extends AsyncDisposable {
  readonly folder: string;
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
