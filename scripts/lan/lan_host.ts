/**
 * One host of a {@linkcode createLan} network: a network namespace with a cable
 * that can be pulled.
 *
 * @module
 */
import { Host, type HostOptions } from "./host.ts";
import { ip, tryIp } from "./ip_command.ts";

/** Where a host is. */
export interface LanHostOptions extends Omit<HostOptions, "launcher"> {
  /** The network namespace that the host is. */
  readonly namespace: string;
  /** The namespace that holds the bridge. */
  readonly bridge: string;
  /** The bridge's end of the host's cable. */
  readonly port: string;
  readonly address6: string;
}

/** A host. Its address is in 10.77.0.0/24. */
export class LanHost extends Host {
  /** IPv6, in fd77::/64. */
  readonly address6: string;
  readonly #namespace: string;
  readonly #bridge: string;
  readonly #port: string;

  constructor(options: LanHostOptions) {
    const { namespace } = options;
    // `ip netns exec` becomes the program: signals reach it.
    super({ ...options, launcher: ["ip", "netns", "exec", namespace] });
    this.address6 = options.address6;
    this.#namespace = namespace;
    this.#bridge = options.bridge;
    this.#port = options.port;
  }

  /** Pulls the cable out of the switch. */
  async cutLink(): Promise<void> {
    await ip(["-n", this.#bridge, "link", "set", this.#port, "down"]);
  }

  /** Puts the cable back. */
  async restoreLink(): Promise<void> {
    await ip(["-n", this.#bridge, "link", "set", this.#port, "up"]);
  }

  /** Takes the IPv4 address away, so that the host speaks IPv6 alone. */
  async dropIpv4(): Promise<void> {
    await this.#ip(`address delete ${this.address}/24 dev eth0`);
  }

  /** Gives the host another IPv4 address, in 10.77.0.0/24, in place of its own. */
  async moveTo(address: string): Promise<void> {
    await this.dropIpv4();
    await this.#ip(`address add ${address}/24 dev eth0`);
  }

  /** Loses so many of a hundred packets that come in, at random. Needs `nft`. */
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

  /** For the network alone: lays the cable and sets the addresses. */
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
    // Without the second in which a new address may not be used yet.
    await this.#ip(`address add ${this.address6}/64 dev eth0 nodad`);
    await this.#ip("route add 224.0.0.0/4 dev eth0");
    if (megabitsPerSecond !== undefined) {
      await limitRate(this.#namespace, "eth0", megabitsPerSecond);
      await limitRate(this.#bridge, this.#port, megabitsPerSecond);
    }
  }

  /** For the network alone: kills what was started here, and its children. */
  override async endProcesses(): Promise<void> {
    // First what was started from here: one that has only just been may not have
    // entered the namespace yet, and would not be among its processes.
    const ended = super.endProcesses();
    const { stdout } = await tryIp(["netns", "pids", this.#namespace]);
    const pids = stdout.split("\n").filter((pid) => pid !== "");
    if (pids.length > 0) {
      // One of them may end by itself meanwhile, so the outcome is no matter.
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

/** Lets at most so much out of an interface. */
async function limitRate(
  namespace: string,
  device: string,
  megabitsPerSecond: number,
): Promise<void> {
  // 10 ms of traffic may pass at once, at least a few large segments.
  const burstBytes = Math.max(131072, megabitsPerSecond * 1250);
  await ip([
    ...["netns", "exec", namespace, "tc", "qdisc", "add", "dev", device],
    ...["root", "tbf", "rate", `${megabitsPerSecond}mbit`],
    ...["burst", `${burstBytes}`, "latency", "50ms"],
  ]);
}
