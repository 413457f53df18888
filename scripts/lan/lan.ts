/**
 * A local network on this machine: hosts in Linux network namespaces, joined by a
 * bridge in a namespace of its own. Invariant: the hosts share only that network,
 * and disposing of the network ends its processes, and no others, and removes
 * everything.
 *
 * `ip` does it all, so a test needs permission to run only that.
 */
import { basename, join } from "@std/path";
import {
  type ProgramResult,
  runChecked,
  runCommand,
} from "../programs/running_program.ts";
import { Host } from "./host.ts";

export interface LanOptions {
  /** Rate of each host's link in both directions. @default {unlimited} */
  readonly megabitsPerSecond?: number;
  readonly megabitsPerSecondOf?: Readonly<Record<string, number>>;
  /** The folder for the hosts' folders. @default {that for temporary files} */
  readonly dir?: string;
  /** The second number of its addresses, 10.77.0.0/24. @default {77} */
  readonly network?: number;
}

export interface Lan<Name extends string> extends AsyncDisposable {
  /** Prefix of the names of its namespaces, which no other network has. */
  readonly prefix: string;
  namespaceOf(name: Name): string;
  host(name: Name): LanHost;
}

/** Creates a network with a host for each name. Needs root on Linux. */
export async function createLan<Name extends string>(
  hostNames: readonly Name[],
  options: LanOptions = {},
): Promise<Lan<Name>> {
  const { network = 77, dir } = options;
  await using made = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "lanswarm-", dir });
  made.defer(() => Deno.remove(folder, { recursive: true }));
  const prefix = basename(folder);
  const namespaceOf = (name: string): string => `${prefix}-${name}`;
  const addNamespace = async (name: string): Promise<string> => {
    const namespace = namespaceOf(name);
    await ip(`netns add ${namespace}`);
    made.defer(async () => void await ip(`netns delete ${namespace}`));
    return namespace;
  };
  const bridge = await addNamespace("bridge");
  await ip(`-n ${bridge} link add br0 type bridge`);
  // Multicast reaches every host, as through a switch without snooping.
  await ip(`-n ${bridge} link set br0 type bridge mcast_snooping 0`);
  await ip(`-n ${bridge} link set br0 up`);
  const hosts = new Map<Name, LanHost>();
  for (const [index, name] of hostNames.entries()) {
    const namespace = await addNamespace(name);
    const hostFolder = join(folder, name);
    await Deno.mkdir(hostFolder);
    const host = new LanHost({
      ...{ name, namespace, folder: hostFolder, bridge, port: `port${index}` },
      address: `10.${network}.0.${index + 1}`,
      address6: `fd${network}::${(index + 1).toString(16)}`,
    });
    await host.connect(
      options.megabitsPerSecondOf?.[name] ?? options.megabitsPerSecond,
    );
    hosts.set(name, host);
  }
  made.defer(async () => {
    for (const host of hosts.values()) await host.endProcesses();
  });
  const kept = made.move();
  return {
    prefix,
    namespaceOf,
    host: (name) => hosts.get(name)!,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A host with an address in 10.77.0.0/24. */
export class LanHost extends Host {
  /** IPv6 address in fd77::/64. */
  readonly address6: string;
  readonly #namespace: string;
  readonly #bridge: string;
  readonly #port: string;

  constructor(options: {
    readonly name: string;
    readonly address: string;
    readonly folder: string;
    readonly namespace: string;
    readonly bridge: string;
    /** The end of the cable at the bridge. */
    readonly port: string;
    readonly address6: string;
  }) {
    const { namespace } = options;
    // `ip netns exec` executes the program in its place, so signals reach it.
    super({ ...options, launcher: ["ip", "netns", "exec", namespace] });
    this.address6 = options.address6;
    this.#namespace = namespace;
    this.#bridge = options.bridge;
    this.#port = options.port;
  }

  async cutLink(): Promise<void> {
    await ip(`-n ${this.#bridge} link set ${this.#port} down`);
  }

  async restoreLink(): Promise<void> {
    await ip(`-n ${this.#bridge} link set ${this.#port} up`);
  }

  /** Removes the IPv4 address: the host has only IPv6 then. */
  async dropIpv4(): Promise<void> {
    await this.#ip(`address delete ${this.address}/24 dev eth0`);
  }

  /** Replaces the IPv4 address by another one in 10.77.0.0/24. */
  async moveTo(address: string): Promise<void> {
    await this.dropIpv4();
    await this.addAddress(address);
  }

  /** Removes all addresses, as before DHCP has answered. */
  async dropAddresses(): Promise<void> {
    await this.#ip("address flush dev eth0");
  }

  /** Adds an IPv4 address, with the 24 bits of its network. */
  async addAddress(address: string): Promise<void> {
    await this.#ip(`address add ${address}/24 dev eth0`);
  }

  /** Drops a percentage of incoming packets at random. Needs `nft`. */
  async losePackets(percentage: number): Promise<void> {
    const rules = [
      "add table inet loss",
      "add chain inet loss in { type filter hook input priority 0; }",
      `add rule inet loss in iifname eth0 numgen random mod 100 < ${percentage} drop`,
    ];
    for (const rule of rules) {
      await ip(`netns exec ${this.#namespace} nft ${rule}`);
    }
  }

  /** Creates the cable and the addresses. Only the network calls this. */
  async connect(megabitsPerSecond: number | undefined): Promise<void> {
    const cable = `${this.#port} type veth peer name eth0`;
    await ip(`-n ${this.#bridge} link add ${cable} netns ${this.#namespace}`);
    await ip(`-n ${this.#bridge} link set ${this.#port} master br0 up`);
    await this.#ip("link set lo up");
    await this.#ip("link set eth0 up");
    await this.#ip(`address add ${this.address}/24 dev eth0`);
    // Otherwise a new address is unusable for a second.
    await this.#ip(`address add ${this.address6}/64 dev eth0 nodad`);
    await this.#ip("route add 224.0.0.0/4 dev eth0");
    if (megabitsPerSecond !== undefined) {
      await limitRate(this.#namespace, "eth0", megabitsPerSecond);
      await limitRate(this.#bridge, this.#port, megabitsPerSecond);
    }
  }

  /**
   * Kills all processes and their children, and waits until none is left that could
   * write into the folder. Only the network calls this.
   */
  override async endProcesses(): Promise<void> {
    // The started ones first: a new process may not have entered the namespace yet.
    const ended = super.endProcesses();
    for (;;) {
      const { stdout } = await tryIp(`netns pids ${this.#namespace}`);
      const pids = stdout.trim().replaceAll("\n", " ");
      if (pids === "") break;
      // One of them may end by itself meanwhile: the outcome does not matter.
      await tryIp(`netns exec ${this.#namespace} kill -KILL ${pids}`);
    }
    await ended;
  }

  async #ip(command: string): Promise<void> {
    await ip(`-n ${this.#namespace} ${command}`);
  }
}

/** Limits the outgoing rate of an interface. */
async function limitRate(
  namespace: string,
  device: string,
  megabitsPerSecond: number,
): Promise<void> {
  // A burst of 10 ms of traffic, but at least a few large segments.
  const burstBytes = Math.max(131072, megabitsPerSecond * 1250);
  const rate = `rate ${megabitsPerSecond}mbit burst ${burstBytes} latency 50ms`;
  const command = `tc qdisc add dev ${device} root tbf ${rate}`;
  await ip(`netns exec ${namespace} ${command}`);
}

/** Runs `ip` with the words of a command. @throws {Error} If it fails, with its output. */
export async function ip(command: string): Promise<string> {
  return await runChecked("ip", command.split(" "));
}

async function tryIp(command: string): Promise<ProgramResult> {
  return await runCommand("ip", command.split(" "));
}

/** The reason why this machine cannot create network namespaces; undefined if it can. */
export async function lanUnavailableReason(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "network namespaces need Linux";
  if (Deno.uid() !== 0) return "network namespaces need root";
  const namespace = `lanswarm-${crypto.randomUUID().slice(0, 8)}`;
  try {
    const added = await tryIp(`netns add ${namespace}`);
    if (added.code !== 0) {
      return `network namespaces are refused: ${added.stderr.trim()}`;
    }
    await tryIp(`netns delete ${namespace}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "the program ip is not installed";
  }
}
