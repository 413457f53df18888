/**
 * `deno task test [SUITE...]`: runs the suites one after another, each with the
 * permissions it needs and no more, and ends with one line
 * `N passed, N failed`. Exits 1 if a test failed or a suite could not run. What
 * takes minutes runs only where it is named, as in `deno task test:long`.
 *
 * @module
 */
import { TextLineStream } from "@std/streams/text-line-stream";
import {
  addCounts,
  formatCounts,
  parseSummary,
  type TestCounts,
} from "./test_summary.ts";

/** What each suite may do, in order: the quick ones first. */
const SUITES: Readonly<Record<string, readonly string[]>> = {
  core: [],
  simulation: [],
  loopback: [
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-env=CI",
    "--allow-sys=networkInterfaces",
    // The programs, a named pipe for the storage to refuse, a terminal, a shell
    // that limits what a program may have, and a disk of another kind.
    `--allow-run=${Deno.execPath()},mkfifo,script,sh,mkntfs,lowntfs-3g,mount,umount`,
  ],
  // Playwright asks /proc/sys/fs/binfmt_misc/WSLInterop where it runs, which Deno
  // 2.9 opens to nothing less.
  browser: ["--allow-all"],
  // A Redis of the test's own, and trackers that share it.
  store: [
    "--allow-net=127.0.0.1",
    "--allow-read",
    "--allow-write",
    "--allow-env=CI,PATH",
    `--allow-run=redis-server,redis-cli,${Deno.execPath()}`,
  ],
  // Whatever runs on a host is started by `ip netns exec`.
  lan: [
    "--allow-read",
    "--allow-write",
    "--allow-env=CI,PATH",
    "--allow-sys=uid",
    "--allow-run=ip",
  ],
  interop: [
    "--allow-read",
    "--allow-write",
    "--allow-env=CI,PATH",
    "--allow-sys=uid",
    "--allow-run=ip",
  ],
  executable: [
    "--allow-read",
    "--allow-write",
    "--allow-env=CI,PATH,DENORT_BIN,XDG_CACHE_HOME,HOME",
    "--allow-sys=uid",
    // The executables are built first, with a runtime from Deno's site or npm.
    "--allow-net=dl.deno.land",
    // And a small disk is mounted where the hosts' programs see it.
    `--allow-run=${Deno.execPath()},npm,npx,tar,ip,mount,umount`,
  ],
};

/** Suites that take minutes, run where they are named alone. */
const LONG_SUITES: Readonly<Record<string, readonly string[]>> = {
  // Programs, hosts, and the decoders in this process.
  long: [
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-env=CI,PATH,FUZZ_SEED,FUZZ_MS",
    "--allow-sys=networkInterfaces,uid",
    `--allow-run=${Deno.execPath()},ip,cat,kill`,
  ],
};

const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: 0 };

function permissionsOf(suite: string): readonly string[] | undefined {
  return SUITES[suite] ?? LONG_SUITES[suite];
}

async function write(text: string): Promise<void> {
  const writer = Deno.stdout.writable.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
  } finally {
    writer.releaseLock();
  }
}

/** Runs one suite and shows what it writes as it comes. */
async function runSuite(name: string): Promise<TestCounts> {
  await write(`\n== tests/${name}\n`);
  const child = new Deno.Command(Deno.execPath(), {
    // The types are the business of `deno task check`.
    args: [
      ...["test", "--no-check", ...permissionsOf(name)!],
      // Whoever waits for minutes, waits beside the others.
      ...(name in LONG_SUITES ? ["--parallel"] : []),
      `tests/${name}`,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let counts: TestCounts | undefined;
  const lines = child.stdout
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    await write(`${line}\n`);
    counts = parseSummary(line) ?? counts;
  }
  const { success } = await child.status;
  const told = counts ?? NO_TESTS;
  // A module that does not load fails the run without failing a test.
  return !success && told.failed === 0 ? { ...told, failed: 1 } : told;
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => permissionsOf(name) === undefined);
  if (unknown.length > 0) {
    await write(
      `error: cannot run tests: there is no suite ${unknown.join(", ")}; ` +
        `choose from ${
          Object.keys({ ...SUITES, ...LONG_SUITES }).join(", ")
        }\n`,
    );
    return 2;
  }
  let sum = NO_TESTS;
  for (const name of names.length > 0 ? names : Object.keys(SUITES)) {
    sum = addCounts(sum, await runSuite(name));
  }
  await write(`\n${formatCounts(sum)}\n`);
  return sum.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
