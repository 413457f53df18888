/**
 * The machines of a benchmark: network namespaces, or processes on 127.0.0.1 in
 * folders of their own.
 *
 * @module
 */
import { join } from "@std/path";
import { Host } from "../lan/host.ts";
import { createLan } from "../lan/lan.ts";
import { lanUnavailableReason } from "../lan/lan.ts";

/** The kind of the machines. */
export type NetworkKind = "namespaces" | "loopback";

/** Hosts that reach each other. Disposing of the network ends their processes. */
export interface BenchmarkNetwork<Name extends string> extends AsyncDisposable {
  host(name: Name): Host;
}

/** Rates of the machines' links, in both directions. */
export interface LinkRates {
  /** Rate of every link. */
  readonly megabitsPerSecond?: number;
  /** Rates of single hosts' links, by name. */
  readonly megabitsPerSecondOf?: Readonly<Record<string, number>>;
}

/** Namespaces if this system allows them. */
export async function bestNetworkKind(): Promise<NetworkKind> {
  return await lanUnavailableReason() === undefined ? "namespaces" : "loopback";
}

/** Options for {@linkcode openNetwork}. */
export interface NetworkOptions {
  readonly kind: NetworkKind;
  /** The folder for the machines' folders. */
  readonly dir: string;
  /** Only for namespaces. @default {{}} No limit. */
  readonly rates?: LinkRates;
}

/** Creates a machine for each name. */
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
