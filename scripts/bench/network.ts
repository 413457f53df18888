/**
 * The machines of a benchmark: namespaces, or folders and processes that meet
 * on 127.0.0.1 where there may be none.
 *
 * @module
 */
import { join } from "@std/path";
import { Host } from "../lan/host.ts";
import { createLan } from "../lan/lan.ts";
import { lanUnavailableReason } from "../lan/ip_command.ts";

/** How the machines are made. */
export type NetworkKind = "namespaces" | "loopback";

/** Hosts that can reach each other, and end with what runs on them. */
export interface BenchmarkNetwork<Name extends string> extends AsyncDisposable {
  host(name: Name): Host;
}

/** How fast the machines' links are, the same in both directions. */
export interface LinkRates {
  /** Of every link. */
  readonly megabitsPerSecond?: number;
  /** Of single hosts' links, by name. */
  readonly megabitsPerSecondOf?: Readonly<Record<string, number>>;
}

/** What this system allows: namespaces if it can make them. */
export async function bestNetworkKind(): Promise<NetworkKind> {
  return await lanUnavailableReason() === undefined ? "namespaces" : "loopback";
}

/** Options of {@linkcode openNetwork}. */
export interface NetworkOptions {
  readonly kind: NetworkKind;
  /** The folder that the machines' folders are made in. */
  readonly dir: string;
  /** Only between namespaces. @default {{}} As fast as the machine. */
  readonly rates?: LinkRates;
}

/** Makes a machine for each name. */
export async function openNetwork<Name extends string>(
  names: readonly Name[],
  { kind, dir, rates }: NetworkOptions,
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
