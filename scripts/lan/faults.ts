/**
 * Faults of one host among healthy ones, on a network of namespaces: each is planted,
 * and the reason that the machine which shares gives for it is read.
 */
import { delay } from "@std/async/delay";
import type { RunningProgram } from "../programs/running_program.ts";
import { writeRandomFile } from "../programs/sample_file.ts";
import { taskArguments } from "../programs/tasks.ts";
import { createLan, type Lan, type LanHost } from "./lan.ts";

const NAME = "image.bin";
const HEALTHY = ["pc1", "pc2", "pc3"] as const;
const FAULTY = "pc4" as const;
const SOURCE_ADDRESS = "10.77.0.1";
const POLL_MS = 1_000;

export interface Fault {
  readonly name: string;
  readonly code: string;
  /** Rates of the links, in Mbit/s. @default {80} */
  readonly megabits?: { readonly all: number; readonly faulty: number };
  /** Of the content, in MiB. @default {200} */
  readonly mebibytes?: number;
  /** A shell script that runs on the host, in a mount namespace of its own, before its `get`. */
  readonly prelude?: string;
  readonly flags?: readonly string[];
  /** The address that it asks. @default {that of the source} */
  readonly source?: string;
  /** Called when all hosts fetch. */
  readonly later?: (get: RunningProgram, host: LanHost) => Promise<void> | void;
  readonly network?: (lan: FaultLan) => Promise<void>;
}

type FaultLan = Lan<"source" | typeof HEALTHY[number] | typeof FAULTY>;

interface FaultOutcome {
  /** The code of the faulty host; `-` for none. */
  readonly code: string;
  readonly state: string;
  readonly reason: string;
  /** Time from the start until the code was right, in seconds. */
  readonly afterSeconds: number;
  /** Codes that healthy hosts had at any time. */
  readonly blamed: readonly string[];
  /** Other codes that the faulty host had before. */
  readonly wrong: readonly string[];
  /** The output of the faulty host's terminal. */
  readonly terminal: string;
}

interface HostRow {
  readonly address?: string;
  readonly name: string;
  readonly state: string;
  readonly reason?: string;
  readonly reasonCode?: string;
  readonly downloadBytesPerSecond: number;
}

/** Plants a fault, and waits until it is named, or for the time. */
export async function plantFault(
  fault: Fault,
  { timeoutMs = 60_000, mebibytes = fault.mebibytes ?? 200, dir, onPoll }: {
    readonly timeoutMs?: number;
    /** Of the content. @default {that of the fault} */
    readonly mebibytes?: number;
    /** The folder for the hosts' folders. @default {that for temporary files} */
    readonly dir?: string;
    readonly onPoll?: (hosts: readonly HostRow[]) => void;
  } = {},
): Promise<FaultOutcome> {
  const { all, faulty } = fault.megabits ?? { all: 80, faulty: 80 };
  await using lan = await createLan(["source", ...HEALTHY, FAULTY], {
    ...dir !== undefined && { dir },
    megabitsPerSecond: all,
    megabitsPerSecondOf: { [FAULTY]: faulty },
  });
  const [source, host] = [lan.host("source"), lan.host(FAULTY)];
  await writeRandomFile(source.path(NAME), mebibytes * 2 ** 20);
  const healthy = HEALTHY.map((name) => lan.host(name));
  const expected = [...healthy, host].map(({ address }) => address).join();
  await fault.network?.(lan);
  const share = source.spawnTask("share", [
    ...[NAME, "--json", "--stay", "--no-discovery", "--expect", expected],
  ]);
  const ready = await share.stdout.waitFor(/"ready"/);
  const { infoHash } = JSON.parse(ready.input!);
  const startMs = performance.now();
  const args = (from: string) => [from, "--json", "--no-discovery"];
  for (const other of healthy) other.spawnTask("get", args(SOURCE_ADDRESS));
  const { prelude = "true", flags = [], source: asked = SOURCE_ADDRESS } =
    fault;
  const get = host.spawn("sh", [
    ...["-ec", `${prelude}\nexec "$@"`, "sh", Deno.execPath()],
    ...[...taskArguments("get"), ...args(asked), ...flags],
  ]);
  const url = `http://${SOURCE_ADDRESS}:8000/api/v1/shares/${infoHash}`;
  const isHealthy = (row: HostRow): boolean =>
    healthy.some(({ address }) => address === row.address);
  const [wrong, blamed] = [new Set<string>(), new Set<string>()];
  let isPlanted = fault.later === undefined;
  let row: HostRow | undefined;
  let elapsedMs = 0;
  while (elapsedMs < timeoutMs) {
    await delay(POLL_MS);
    elapsedMs = performance.now() - startMs;
    const { stdout } = await source.run("curl", ["-s", url]);
    const { hosts }: { hosts: HostRow[] } = JSON.parse(stdout);
    onPoll?.(hosts);
    // A host with its fault may have an address of its own.
    row = hosts.find((each) =>
      each.state !== "missing" && each.address !== undefined &&
      !isHealthy(each)
    ) ?? hosts.find(({ name }) =>
      name === host.address
    );
    for (const { reasonCode } of hosts.filter(isHealthy)) {
      if (reasonCode !== undefined) blamed.add(reasonCode);
    }
    if (!isPlanted && row?.state === "fetching") {
      isPlanted = true;
      await fault.later!(get, host);
    }
    const code = row?.reasonCode;
    // That it was never seen is right of every host at first.
    if (row === undefined || row.state === "missing" && elapsedMs < 15_000) {
      continue;
    }
    if (code === fault.code) break;
    if (code !== undefined && row.state !== "missing") wrong.add(code);
  }
  return {
    code: row?.reasonCode ?? "-",
    state: row?.state ?? "-",
    reason: row?.reason ?? "",
    afterSeconds: Math.round(elapsedMs / 1000),
    blamed: [...blamed],
    wrong: [...wrong],
    terminal: [...get.stdout.lines, ...get.stderr.lines].join("\n"),
  };
}

/** Rules of a firewall on a host, with a chain for each direction. */
function firewall(...rules: readonly string[]): string {
  return [
    "nft add table inet fault",
    "nft 'add chain inet fault in { type filter hook input priority 0; }'",
    "nft 'add chain inet fault out { type filter hook output priority 0; }'",
    ...rules.map((rule) => `nft 'add rule inet fault ${rule}'`),
  ].join("\n");
}

const PEERS = "10.77.0.2-10.77.0.4";
const PEERS_6 = "fd77::2-fd77::4";

/** A cgroup of version 1, mounted where the network's namespace hides that of the system. */
function cgroup(controller: string, file: string, value: string): string {
  return [
    "cgroup=$(mktemp -d)",
    `mount -t cgroup -o ${controller} none $cgroup`,
    "mkdir -p $cgroup/lanswarm-fault",
    `echo ${value} > $cgroup/lanswarm-fault/${file}`,
    "echo $$ > $cgroup/lanswarm-fault/cgroup.procs",
  ].join("\n");
}

/** The faults, each with the code that is right. */
export const FAULTS: readonly Fault[] = [
  {
    name: "100 Mbit/s among hosts of 1 Gbit/s",
    code: "link",
    megabits: { all: 1_000, faulty: 100 },
    mebibytes: 600,
  },
  {
    name: "one-way firewall: peers cannot connect to it, nor it to them",
    code: "unreachable",
    prelude: firewall(
      ...["in", "out"].map((chain) =>
        `${chain} tcp dport 6881-6999 tcp flags & (syn | ack) == syn drop`
      ),
    ),
  },
  {
    name: "full disk",
    code: "diskFull",
    prelude: "mkdir full && mount -t tmpfs -o size=64m none full",
    flags: ["--dir", "full", "--ignore-space"],
  },
  {
    name: "slow disk: 1 MB/s by a cgroup",
    code: "disk",
    prelude: [
      "truncate -s 400M disk.img && mkfs.ext4 -q disk.img && mkdir slow",
      "mount -o loop,sync disk.img slow",
      "device=$(stat -c '%Hd:%Ld' slow)",
      cgroup("blkio", "blkio.throttle.write_bps_device", '"$device 1000000"'),
    ].join("\n"),
    flags: ["--dir", "slow"],
  },
  {
    name: "busy processor: 4 % of a core",
    code: "cpu",
    prelude: cgroup("cpu", "cpu.cfs_quota_us", "4000"),
  },
  {
    name: "3 % packet loss",
    code: "lossy",
    prelude: firewall("in iifname eth0 numgen random mod 100 < 3 drop"),
  },
  {
    name: "25 % packet loss",
    code: "lossy",
    prelude: firewall("in iifname eth0 numgen random mod 100 < 25 drop"),
  },
  {
    name: "wireless, at 20 Mbit/s",
    code: "wifi",
    megabits: { all: 80, faulty: 20 },
    prelude: [
      "ip link set eth0 down",
      "ip link set eth0 name wlp3s0",
      "ip link set wlp3s0 up",
    ].join("\n"),
  },
  {
    name: "a firewall that takes no connections",
    code: "-",
    prelude: firewall(
      "in tcp dport 6881-6999 tcp flags & (syn | ack) == syn drop",
    ),
  },
  {
    name: "another subnet without a route to peers",
    code: "isolated",
    prelude: [
      "ip address flush dev eth0",
      "ip address add 10.78.0.5/24 dev eth0",
      `ip route add ${SOURCE_ADDRESS}/32 dev eth0`,
    ].join("\n"),
    network: async (lan) => {
      const args = ["route", "add", "10.78.0.5/32", "dev", "eth0"];
      await lan.host("source").run("ip", args);
    },
  },
  {
    name: "its own limit",
    code: "limit",
    flags: ["--max-download", "1MiB"],
  },
  {
    name: "dead tracker address",
    code: "silent",
    source: "10.77.0.99",
  },
  {
    name: "paused process",
    code: "silent",
    later: (get) => get.signal("SIGSTOP"),
  },
  {
    name: "read-only folder",
    code: "readOnly",
    prelude: "mkdir fixed && mount -t tmpfs -o ro none fixed",
    flags: ["--dir", "fixed"],
  },
  {
    name: "isolated: reaches the source alone",
    code: "isolated",
    prelude: firewall(
      `in ip saddr ${PEERS} drop`,
      `out ip daddr ${PEERS} drop`,
      `in ip6 saddr ${PEERS_6} drop`,
      `out ip6 daddr ${PEERS_6} drop`,
    ),
  },
];
