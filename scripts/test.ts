/**
 * `deno task test [SUITE...]`: runs suites in parallel, each with the permissions
 * that it needs, and ends with the ten slowest tests and one line
 * `N passed, N failed`. Exits 1 if a test failed or a suite could not run. The
 * suites that take minutes run only if named, as in `deno task test:long`.
 */
import { join, resolve, toFileUrl } from "@std/path";
import {
  addCounts,
  formatCounts,
  parseTestCases,
  parseTestOutput,
  slowestTests,
  type TestCounts,
  type TimedTest,
} from "./test_output.ts";

interface Suite {
  readonly permissions: readonly string[];
  /** Workers that run at the same time. */
  readonly jobs: number;
  /**
   * Test files that share a worker, one after the other. Starting a worker costs
   * 0.35 s of CPU time, more than most files of pure tests. @default {1}
   */
  readonly filesPerWorker?: number;
  /** Files that start first, in this order. @default {[]} */
  readonly first?: readonly string[];
  readonly setUpTask?: string;
  /** True if it takes minutes and runs only if named. @default {false} */
  readonly isLong?: boolean;
}

const FILES = ["--allow-read", "--allow-write"];
const HOSTS = [...FILES, "--allow-env=CI,PATH", "--allow-sys=uid"];
/** Hosts in namespaces; programs on them are started by `ip netns exec`. */
const NAMESPACES = [...HOSTS, "--allow-run=ip"];

/**
 * Suites of `deno task test`, in starting order: the longest two, which mostly wait,
 * beside those that keep a CPU busy, one after the other.
 */
const SUITES: Readonly<Record<string, Suite>> = {
  // Stock clients wait for their own timers, Transmission 17 s in each test.
  interop: {
    permissions: NAMESPACES,
    jobs: 6,
    first: [
      ...["magnet_test.ts", "local_discovery_test.ts", "selection_test.ts"],
      ...["file_kinds_test.ts", "udp_tracker_test.ts"],
    ],
  },
  loopback: {
    permissions: [
      ...[
        ...FILES,
        "--allow-net",
        "--allow-env=CI,HOME,DENO_DIR,STATE_DIRECTORY",
      ],
      "--allow-sys=cpus,hostname,networkInterfaces,uid",
      // The programs, a named pipe, a terminal, a shell that limits resources, a
      // disk that folds names, mounts of a test's own, a reader of QR codes, and a
      // comparison of trees.
      `--allow-run=${Deno.execPath()},mkfifo,script,sh,mkntfs,lowntfs-3g,mount,umount,unshare,zbarimg,rsync`,
    ],
    jobs: 4,
    filesPerWorker: 5,
    // Those that wait for time limits and kept alive connections.
    first: [
      ...["rollout_control", "hostile_crowd", "boot_order", "rollout"],
      ...["process", "shortage", "frozen", "metadata_fetch", "share_get"],
      ...["changed_content", "http_slow", "tiers", "hostile_flood", "magnet"],
    ].map((name) => `${name}_test.ts`),
  },
  simulation: { permissions: [], jobs: 1 },
  executable: {
    // A small disk is mounted where the hosts' programs see it.
    permissions: [
      ...[...FILES, "--allow-env=CI,PATH", "--allow-net=127.0.0.1"],
      "--allow-sys=uid,networkInterfaces",
      "--allow-run=ip,mount,umount,sh",
    ],
    jobs: 2,
    setUpTask: "compile",
  },
  lan: { permissions: NAMESPACES, jobs: 3 },
  core: { permissions: [], jobs: 2, filesPerWorker: 20 },
  // Playwright reads /proc/sys/fs/binfmt_misc/WSLInterop, which Deno 2.9 allows
  // only with all permissions.
  browser: { permissions: ["--allow-all"], jobs: 2, filesPerWorker: 3 },
  store: {
    permissions: [
      ...[...FILES, "--allow-net=127.0.0.1", "--allow-env=CI,PATH"],
      `--allow-run=redis-server,redis-cli,${Deno.execPath()}`,
    ],
    jobs: 3,
  },
  long: {
    isLong: true,
    permissions: [
      ...[...FILES, "--allow-net", "--allow-sys=networkInterfaces,uid"],
      "--allow-env=CI,PATH,FUZZ_SEED,FUZZ_MS,SOAK_MINUTES",
      `--allow-run=${Deno.execPath()},ip,cat,kill,sh`,
    ],
    jobs: 4,
    // A thousand announces within two seconds need a quiet CPU: beside them, and
    // for longer, run tests that mostly wait. Then the long wait of churn goes
    // beside the decoders, which keep the CPU busy.
    first: [
      "many_torrents_test.ts",
      "tracker_network_test.ts",
      "frozen_network_test.ts",
      "network_test.ts",
      "churn_test.ts",
      "peer_decoders_test.ts",
      "tracker_decoders_test.ts",
    ],
  },
};

const PROGRAMS = ["lanswarm", "peer", "tracker"]
  .map((name) => `cli/main/${name}.ts`);
const PARALLEL_SUITES = 3;
const SLOWEST_COUNT = 10;

interface SuiteResult {
  readonly counts: TestCounts;
  readonly tests: readonly TimedTest[];
}

async function write(text: string): Promise<void> {
  const writer = Deno.stdout.writable.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
  } finally {
    writer.releaseLock();
  }
}

async function* testFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* testFiles(path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}

/**
 * Writes a module for each worker, which imports its share of a suite's files.
 * @returns The paths of the modules.
 */
async function writeWorkers(suite: string, folder: string): Promise<string[]> {
  const { filesPerWorker = 1, first = [] } = SUITES[suite]!;
  const found = await Array.fromAsync(testFiles(`tests/${suite}`));
  const files = new Set([
    ...first.map((file) => join("tests", suite, file)),
    ...found.sort(),
  ]);
  const count = Math.ceil(files.size / filesPerWorker);
  const shares = Array.from({ length: count }, (): string[] => []);
  // Neighbours resemble each other, so they go to different workers.
  for (const [index, file] of [...files].entries()) {
    shares[index % count]!.push(`import "${toFileUrl(resolve(file))}";\n`);
  }
  return await Promise.all(shares.map(async (imports, index) => {
    const path = join(folder, `worker_${index}.ts`);
    await Deno.writeTextFile(path, imports.join(""));
    return path;
  }));
}

/** Runs one suite and prints its result once it has ended. */
async function runSuite(name: string): Promise<SuiteResult> {
  const startMs = performance.now();
  await using folders = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "lanswarm-" });
  folders.defer(() => Deno.remove(folder, { recursive: true }));
  const { permissions, jobs, setUpTask } = SUITES[name]!;
  if (setUpTask !== undefined) await setUp("task", setUpTask);
  const casesPath = join(folder, "cases.xml");
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      // Types are checked by `deno task check`.
      ...["test", "--no-check", "--parallel", `--junit-path=${casesPath}`],
      ...permissions,
      ...await writeWorkers(name, folder),
    ],
    // Programs keep their secrets there, not in the user's own folder.
    env: { DENO_JOBS: `${jobs}`, STATE_DIRECTORY: join(folder, "state") },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  const output = parseTestOutput(new TextDecoder().decode(stdout));
  // A run that was killed has not written the file.
  const xml = await Deno.readTextFile(casesPath).catch(() => "");
  const { tests, ignored } = parseTestCases(xml);
  const counted = output.counts ?? { passed: 0, failed: 0, skipped: 0 };
  // A module that does not load fails the run without failing a test.
  const counts = !success && counted.failed === 0
    ? { ...counted, failed: 1 }
    : counted;
  const seconds = Math.round((performance.now() - startMs) / 1000);
  await write(
    `tests/${name}: ${formatCounts(counts)}, ${seconds} s\n` +
      ignored.map((test) => `  ignored: ${test}\n`).join("") +
      (success
        ? ""
        : `${output.failures}\n${new TextDecoder().decode(stderr)}\n`),
  );
  return { counts, tests };
}

/** Runs a command of Deno. If it fails, the tests report what is missing. */
async function setUp(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [command, "--quiet", ...args],
    stdin: "null",
  }).output();
  if (success) return;
  const text = new TextDecoder().decode(stderr);
  await write(`deno ${command} ${args.join(" ")}: ${text}\n`);
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !(name in SUITES)).join(", ");
  if (unknown !== "") {
    const choice = Object.keys(SUITES).join(", ");
    await write(
      `error: cannot run tests: there is no suite ${unknown}; choose from ${choice}\n`,
    );
    return 2;
  }
  const waiting = names.length > 0
    ? [...names]
    : Object.keys(SUITES).filter((name) => !SUITES[name]!.isLong);
  // A program that fetches a package says so on stderr, where tests expect nothing.
  await setUp("cache", ...PROGRAMS);
  const results: SuiteResult[] = [];
  const runWaiting = async (): Promise<void> => {
    for (let name; (name = waiting.shift()) !== undefined;) {
      results.push(await runSuite(name));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_SUITES }, runWaiting));

  const tests = results.flatMap(({ tests }) => tests);
  const slowest = slowestTests(tests, SLOWEST_COUNT)
    .map(({ name, durationMs }) =>
      `${(durationMs / 1000).toFixed(1).padStart(7)} s  ${name}\n`
    ).join("");
  const sum = results.map(({ counts }) => counts).reduce(addCounts);
  await write(`\nSlowest tests:\n${slowest}\n${formatCounts(sum)}\n`);
  return sum.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
