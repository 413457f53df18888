/**
 * A host of a {@linkcode createLan} network: a network namespace with a cable that
 * can be pulled.
 *
 * @module
 */
import { Host, type HostOptions } from "./host.ts";
import { ip, tryIp } from "./ip_command.ts";

/** Options for {@linkcode LanHost}. */
export interface LanHostOptions extends Omit<HostOptions, "launcher"> {
  /** The network namespace of the host. */
  readonly namespace: string;
  /** The namespace of the bridge. */
  readonly bridge: string;
  /** The end of the cable at the bridge. */
  readonly port: string;
  readonly address6: string;
}

/** A host with an address in 10.77.0.0/24. */
export class LanHost extends Host {
  /** IPv6 address in fd77::/64. */
  readonly address6: string;
  readonly #namespace: string;
  readonly #bridge: string;
  readonly #port: string;

  constructor(options: LanHostOptions) {
    const { namespace } = options;
    // `ip netns exec` executes the program in its place, so signals reach it.
    super({ ...options, launcher: ["ip", "netns", "exec", namespace] });
    this.address6 = options.address6;
    this.#namespace = namespace;
    this.#bridge = options.bridge;
    this.#port = options.port;
  }

  /** Pulls the cable. */
  async cutLink(): Promise<void> {
    await ip(["-n", this.#bridge, "link", "set", this.#port, "down"]);
  }

  /** Plugs the cable in again. */
  async restoreLink(): Promise<void> {
    await ip(["-n", this.#bridge, "link", "set", this.#port, "up"]);
  }

  /** Removes the IPv4 address: the host has only IPv6 then. */
  async dropIpv4(): Promise<void> {
    await this.#ip(`address delete ${this.address}/24 dev eth0`);
  }

  /** Replaces the IPv4 address by another one in 10.77.0.0/24. */
  async moveTo(address: string): Promise<void> {
    await this.dropIpv4();
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
      await ip(["netns", "exec", this.#namespace, "nft", rule]);
    }
  }

  /** Creates the cable and the addresses. Only the network calls this. */
  async connect(megabitsPerSecond: number | undefined): Promise<void> {
    await ip([
      ...["-n", this.#bridge, "link", "add", this.#port, "type", "veth"],
      ...["peer", "name", "eth0", "netns", this.#namespace],
    ]);
    await ip([
      ...["-n", this.#bridge, "link", "set", this.#port],
      ...["master", "br0", "up"],
    ]);
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

  /** Kills all processes and their children. Only the network calls this. */
  override async endProcesses(): Promise<void> {
    // The started ones first: a new process may not have entered the namespace yet.
    const ended = super.endProcesses();
    const { stdout } = await tryIp(["netns", "pids", this.#namespace]);
    const pids = stdout.split("\n").filter((pid) => pid !== "");
    if (pids.length > 0) {
      // One of them may end by itself meanwhile: the outcome does not matter.
      await tryIp([
        ...["netns", "exec", this.#namespace, "kill", "-KILL"],
        ...pids,
      ]);
    }
    await ended;
  }

  async #ip(command: string): Promise<void> {
    await ip(["-n", this.#namespace, ...command.split(" ")]);
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
  await ip([
    ...["netns", "exec", namespace, "tc", "qdisc", "add", "dev", device],
    ...["root", "tbf", "rate", `${megabitsPerSecond}mbit`],
    ...["burst", `${burstBytes}`, "latency", "50ms"],
  ]);
}
