/**
 * A local network on this machine: hosts in Linux network namespaces, joined by a
 * bridge in a namespace of its own. Invariant: the hosts share only that network,
 * and disposing of the network ends its processes, and no others, and removes
 * everything.
 *
 * `ip` does it all, so a test needs permission to run only that.
 *
 * @module
 */
import { basename, join } from "@std/path";
import { LanHost } from "./lan_host.ts";
import { ip } from "./ip_command.ts";

/** Options for {@linkcode createLan}. */
export interface LanOptions {
  /**
   * Rate of each host's link in both directions.
   * @default {undefined} No limit.
   */
  readonly megabitsPerSecond?: number;
  /** Rates of single hosts' links, by name. @default {{}} */
  readonly megabitsPerSecondOf?: Readonly<Record<string, number>>;
  /**
   * The folder for the hosts' folders.
   * @default {undefined} The system's folder for temporary files.
   */
  readonly dir?: string;
}

/** Creates a network with a host for each name. Needs root on Linux. */
export async function createLan<Name extends string>(
  hostNames: readonly Name[],
  options: LanOptions = {},
): Promise<Lan<Name>> {
  const folder = await Deno.makeTempDir({
    prefix: "lanswarm-",
    ...(options.dir !== undefined && { dir: options.dir }),
  });
  const lan = new Lan<Name>(folder);
  try {
    await lan.build(hostNames, options);
    return lan;
  } catch (error) {
    await lan[Symbol.asyncDispose]();
    throw error;
  }
}

/** A local network. */
export class Lan<Name extends string> implements AsyncDisposable {
  readonly #folder: string;
  readonly #namespaces: string[] = [];
  readonly #hosts = new Map<Name, LanHost>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Prefix of the names of namespaces: the unique name of the folder. */
  get prefix(): string {
    return basename(this.#folder);
  }

  /** The host with this name. */
  host(name: Name): LanHost {
    return this.#hosts.get(name)!;
  }

  /** Only {@linkcode createLan} calls this. */
  async build(hostNames: readonly Name[], options: LanOptions): Promise<void> {
    const bridge = await this.#addNamespace("bridge");
    await ip(["-n", bridge, "link", "add", "br0", "type", "bridge"]);
    // Multicast reaches every host, as through a switch without snooping.
    await ip([
      ...["-n", bridge, "link", "set", "br0", "type", "bridge"],
      ...["mcast_snooping", "0"],
    ]);
    await ip(["-n", bridge, "link", "set", "br0", "up"]);
    for (const [index, name] of hostNames.entries()) {
      const namespace = await this.#addNamespace(name);
      const workingFolder = join(this.#folder, name);
      await Deno.mkdir(workingFolder);
      const host = new LanHost({
        name,
        namespace,
        folder: workingFolder,
        bridge,
        port: `port${index}`,
        address: `10.77.0.${index + 1}`,
        address6: `fd77::${(index + 1).toString(16)}`,
      });
      await host.connect(
        options.megabitsPerSecondOf?.[name] ?? options.megabitsPerSecond,
      );
      this.#hosts.set(name, host);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.#hosts.values()) await host.endProcesses();
    for (const namespace of this.#namespaces.reverse()) {
      await ip(["netns", "delete", namespace]);
    }
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #addNamespace(name: string): Promise<string> {
    const namespace = `${this.prefix}-${name}`;
    await ip(["netns", "add", namespace]);
    this.#namespaces.push(namespace);
    return namespace;
  }
}
