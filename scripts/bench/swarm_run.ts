/**
 * One run of a client: our tracker, a seeder and leechers, each on a host of its own.
 *
 * Time: the clock starts once the tracker counts the seeder as complete. All leechers
 * start at that moment, with the torrent file and an empty folder. A leecher's time
 * ends when the client reports that the content is verified and stored: ours by a
 * line of output, others by a file, which is polled every 10 ms. So the start of the
 * program counts for everybody. Copies are compared after the clock has stopped.
 *
 * CPU seconds: those of the leechers, and of the seeder since the clock started.
 */
import type { Host } from "../lan/host.ts";
import {
  type SwarmCounts,
  TORRENT_NAME,
  waitForCounts,
} from "../lan/sharing_steps.ts";
import {
  runCommand,
  type RunningProgram,
  startProgram,
} from "../programs/running_program.ts";
import type { Contender } from "./contender.ts";
import type { Content } from "./content.ts";
import { type LinkRates, type NetworkKind, openNetwork } from "./network.ts";

const RUN_TIMEOUT_MS = 600_000;

/** Longest wait for the seeder, which verifies its content. */
const SEED_TIMEOUT_MS = 300_000;

const SEEDING: SwarmCounts = { complete: 1, incomplete: 0 };

export interface SwarmRunOptions {
  readonly content: Content;
  readonly leecherCount: number;
  readonly network: NetworkKind;
  readonly folder: string;
  readonly rates?: LinkRates;
  readonly isCompared?: boolean;
  /** The client of the last leecher. @default {the client of the others} */
  readonly lastClient?: Contender | undefined;
  /** True to count the seeder's system calls, which slows it. @default {false} */
  readonly isTraced?: boolean;
}

export interface SwarmRun {
  readonly seconds: readonly number[];
  /** CPU seconds of all peers; undefined if the system does not report them. */
  readonly cpuSeconds: number | undefined;
  readonly seederMemoryBytes: number | undefined;
  readonly leecherMemoryBytes: number | undefined;
  /** Context switches of the seeder, of all its threads. */
  readonly seederSwitches: number | undefined;
  /** System calls of the seeder; undefined if it is not traced. */
  readonly seederCalls: number | undefined;
}

export async function runSwarm(
  contender: Contender,
  options: SwarmRunOptions,
): Promise<SwarmRun> {
  const { content, folder, network: kind, rates, isCompared = true } = options;
  const { lastClient = contender, isTraced = false } = options;
  const leecherNames = Array.from(
    { length: options.leecherCount },
    (_, index) => leecherName(index),
  );
  await using network = await openNetwork(
    ["tracker", "seeder", ...leecherNames],
    { kind, dir: folder, rates },
  );
  const [tracker, seeder] = [network.host("tracker"), network.host("seeder")];
  const leechers = leecherNames.map((name) => network.host(name));
  const announceUrl = await setUp(tracker, { content, seeder, leechers });
  const seeding = await contender.start(seeder);
  const { infoHash } = content.torrent;
  const torrent = { host: seeder, infoHash, announceUrl };
  await Promise.race([
    waitForCounts(tracker, torrent, SEEDING, { timeoutMs: SEED_TIMEOUT_MS }),
    rejectAtEnd(seeding),
  ]);

  const { pid } = seeding;
  const countCalls = isTraced ? await traceCalls(pid) : undefined;
  const switchesBefore = await readSwitches(pid);
  const before = await readProcessUsage(pid);
  const startMs = performance.now();
  const finished = await Promise.all(leechers.map(async (host) => {
    const client = host === leechers.at(-1) ? lastClient : contender;
    const program = await client.start(host);
    await client.waitUntilComplete(host, program, {
      timeoutMs: RUN_TIMEOUT_MS,
    });
    return { program, seconds: (performance.now() - startMs) / 1000 };
  }));
  const after = await readProcessUsage(pid);
  const switchesAfter = await readSwitches(pid);
  const seederCalls = await countCalls?.();
  const used = await sumUsage(finished.map(({ program }) => program));
  if (isCompared) {
    for (const host of leechers) await content.compareWith(host);
  }
  return {
    seconds: finished.map(({ seconds }) => seconds),
    cpuSeconds: before && after && used &&
      after.cpuSeconds - before.cpuSeconds + used.cpuSeconds,
    seederMemoryBytes: after?.peakMemoryBytes,
    leecherMemoryBytes: used?.peakMemoryBytes,
    seederSwitches: switchesAfter && switchesBefore &&
      switchesAfter - switchesBefore,
    seederCalls,
  };
}

export function leecherName(index: number): string {
  return `leecher${index + 1}`;
}

/**
 * Starts our tracker, and gives the torrent file to all peers and the content to the
 * seeder.
 * @returns The announce URL.
 */
export async function setUp(
  host: Host,
  { content, seeder, leechers }: {
    readonly content: Content;
    readonly seeder: Host;
    readonly leechers: readonly Host[];
  },
): Promise<string> {
  const announceUrl = await startTracker(host);
  const torrentFile = content.torrentFor(announceUrl);
  for (const peer of [seeder, ...leechers]) {
    await Deno.writeFile(peer.path(TORRENT_NAME), torrentFile);
  }
  await content.layInto(seeder);
  return announceUrl;
}

/** Starts our tracker. @returns The announce URL. */
export async function startTracker(host: Host): Promise<string> {
  const tracker = host.spawnTask("tracker", ["0", "--host", host.address]);
  const [announceUrl] = await tracker.stdout.waitFor(/http\S+\/announce/);
  return announceUrl;
}

async function rejectAtEnd({ result }: RunningProgram): Promise<never> {
  const { code, stdout, stderr } = await result;
  throw new Error(
    `Cannot seed: the program ended with exit code ${code}:\n${stdout}${stderr}`,
  );
}

/** CPU seconds of all, peak memory of the largest. */
async function sumUsage(
  programs: readonly RunningProgram[],
): Promise<Omit<ProcessUsage, "memoryBytes"> | undefined> {
  let [cpuSeconds, peakMemoryBytes] = [0, 0];
  for (const { pid } of programs) {
    const usage = await readProcessUsage(pid);
    if (usage === undefined) return undefined;
    cpuSeconds += usage.cpuSeconds;
    peakMemoryBytes = Math.max(peakMemoryBytes, usage.peakMemoryBytes);
  }
  return { cpuSeconds, peakMemoryBytes };
}

interface ProcessUsage {
  /** CPU time in user mode and in the kernel, all threads together. */
  readonly cpuSeconds: number;
  /** `VmHWM`. */
  readonly peakMemoryBytes: number;
  /** `VmRSS`. */
  readonly memoryBytes: number;
}

/** Linux reports times to programs in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/**
 * Reads the usage of a process; `undefined` without `/proc` or such a process. `cat`
 * reads it, as Deno does so only with all permissions.
 */
export async function readProcessUsage(
  pid: number,
): Promise<ProcessUsage | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const { code, stdout } = await runCommand("cat", [
    `/proc/${pid}/stat`,
    `/proc/${pid}/status`,
  ]);
  return code === 0 ? parseProcessUsage(stdout) : undefined;
}

/** Context switches of all threads of a process since their start. */
async function readSwitches(pid: number): Promise<number | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const { stdout } = await runCommand("grep", [
    ...["-rhE", "--include=status", "ctxt_switches", `/proc/${pid}/task`],
  ]);
  return stdout.match(/\d+/g)?.reduce((sum, text) => sum + Number(text), 0);
}

/**
 * Has strace count the system calls of a process and of its threads.
 * @returns A function that ends the count, and returns it.
 */
async function traceCalls(pid: number): Promise<() => Promise<number>> {
  const args = ["strace", "-c", "-f", "-p", `${pid}`];
  const strace = startProgram("strace", args);
  await strace.stderr.waitFor(/attached/);
  return async () => parseCallCount((await strace.stop("SIGINT")).stderr);
}

/** Parses the table of `strace -c`. @throws {Error} If it has no total. */
export function parseCallCount(text: string): number {
  const count = /^\s*100\.00\s+\S+\s+\S*\s+(\d+)\s.*total$/m.exec(text)?.[1];
  if (count === undefined) throw new Error(`Cannot count calls: ${text}`);
  return Number(count);
}

/**
 * Parses `/proc/PID/stat` followed by `/proc/PID/status`.
 * @returns `undefined` for a process that has ended.
 */
export function parseProcessUsage(text: string): ProcessUsage | undefined {
  // The second field is the name in brackets, which may contain any character.
  const fields = text.slice(text.lastIndexOf(")", text.indexOf("\nName:")) + 2)
    .split(" ");
  const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
  const bytesOf = (name: string): number =>
    1024 * Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(text)?.[1]);
  const [peakMemoryBytes, memoryBytes] = [bytesOf("VmHWM"), bytesOf("VmRSS")];
  if (Number.isNaN(peakMemoryBytes)) return undefined;
  const cpuSeconds = (userTicks + systemTicks) / TICKS_PER_SECOND;
  return { cpuSeconds, peakMemoryBytes, memoryBytes };
}
