/**
 * One host of a {@linkcode createLan} network: an address, a cable that can be
 * pulled, an empty folder, and the processes that run there.
 *
 * @module
 */
import { join } from "@std/path";
import { type ProgramName, taskArguments } from "../programs/task_arguments.ts";
import {
  type ProgramResult,
  RunningProgram,
} from "../programs/running_program.ts";
import { ip, tryIp } from "./ip_command.ts";

/** Where a host is. */
export interface LanHostOptions {
  readonly name: string;
  /** The network namespace that the host is. */
  readonly namespace: string;
  /** Its working folder, which exists. */
  readonly folder: string;
  /** The namespace that holds the bridge. */
  readonly bridge: string;
  /** The bridge's end of the host's cable. */
  readonly port: string;
  readonly address: string;
  readonly address6: string;
}

/** Options for {@linkcode LanHost.spawn}. */
export interface SpawnOptions {
  /** Variables beside those of the test. @default {{}} */
  readonly env?: Record<string, string>;
}

/** What of a host does not depend on how its network is made. */
export type Host = Pick<
  LanHost,
  | "name"
  | "address"
  | "folder"
  | "path"
  | "spawn"
  | "spawnTask"
  | "run"
  | "runTask"
>;

/** A host. */
export class LanHost {
  readonly name: string;
  /** IPv4, in 10.77.0.0/24. */
  readonly address: string;
  /** IPv6, in fd77::/64. */
  readonly address6: string;
  /** The folder that its processes run in, empty at first. */
  readonly folder: string;
  readonly #namespace: string;
  readonly #bridge: string;
  readonly #port: string;
  readonly #programs: RunningProgram[] = [];

  constructor(options: LanHostOptions) {
    this.name = options.name;
    this.address = options.address;
    this.address6 = options.address6;
    this.folder = options.folder;
    this.#namespace = options.namespace;
    this.#bridge = options.bridge;
    this.#port = options.port;
  }

  /** A path in the host's folder. */
  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Starts a program here. It is killed with the network if it still runs. */
  spawn(
    program: string,
    args: readonly string[],
    options: SpawnOptions = {},
  ): RunningProgram {
    // `ip netns exec` becomes the program: signals reach it.
    const process = new Deno.Command("ip", {
      args: ["netns", "exec", this.#namespace, program, ...args],
      cwd: this.folder,
      env: { NO_COLOR: "1", ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const running = new RunningProgram(`${program} on ${this.name}`, process);
    this.#programs.push(running);
    return running;
  }

  /** Starts one of the project's programs here, with its task's permissions. */
  spawnTask(
    name: ProgramName,
    args: readonly string[],
    options: SpawnOptions = {},
  ): RunningProgram {
    return this.spawn(
      Deno.execPath(),
      [...taskArguments(name), ...args],
      options,
    );
  }

  /** Runs a program here to its end. */
  async run(
    program: string,
    args: readonly string[],
    options: SpawnOptions = {},
  ): Promise<ProgramResult> {
    return await this.spawn(program, args, options).result;
  }

  /** Runs one of the project's programs here to its end. */
  async runTask(
    name: ProgramName,
    args: readonly string[],
    options: SpawnOptions = {},
  ): Promise<ProgramResult> {
    return await this.spawnTask(name, args, options).result;
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
  async endProcesses(): Promise<void> {
    // First what was started from here: one that has only just been may not have
    // entered the namespace yet, and would not be among its processes.
    const ended = this.#programs.map((program) => program.stop("SIGKILL"));
    const { stdout } = await tryIp(["netns", "pids", this.#namespace]);
    const pids = stdout.split("\n").filter((pid) => pid !== "");
    if (pids.length > 0) {
      // One of them may end by itself meanwhile, so the outcome is no matter.
      await tryIp([
        ...["netns", "exec", this.#namespace, "kill", "-KILL"],
        ...pids,
      ]);
    }
    await Promise.all(ended);
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
