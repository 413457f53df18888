/**
 * `deno task demo`: a tracker, a seeder and three leechers, processes on 127.0.0.1,
 * share a generated file. The demo itself compares every copy by SHA-256. Exits 0 on
 * success and leaves no files behind.
 */
import { join } from "@std/path";
import { Console } from "../cli/console.ts";
import { renderProgress } from "../cli/progress_bar.ts";
import type { RunningProgram } from "./programs/running_program.ts";
import { sha256Of, writeRandomFile } from "./programs/sample_file.ts";
import { spawnTask } from "./programs/tasks.ts";

const MIB = 1024 * 1024;
const FILE_LENGTH = 32 * MIB;
const FILE_NAME = "demo.bin";
const TORRENT_NAME = "demo.torrent";
const LEECHERS = ["first", "second", "third"];

const TIMEOUT_MS = 120_000;

interface Leecher {
  readonly name: string;
  readonly dir: string;
  readonly program: RunningProgram;
  verifiedBytes: number;
}

/** Runs the demo in `folder`; disposing of `programs` ends its processes. */
async function runDemo(
  folder: string,
  { console, programs }: { console: Console; programs: AsyncDisposableStack },
): Promise<void> {
  const start = (
    name: "tracker" | "create" | "peer",
    args: readonly string[],
  ): RunningProgram => programs.use(spawnTask(name, args, { cwd: folder }));

  console.writeLine(`Creating a file of ${FILE_LENGTH / MIB} MiB in ${folder}`);
  const seedFolder = join(folder, "seeder");
  await Deno.mkdir(seedFolder);
  const original = join(seedFolder, FILE_NAME);
  await writeRandomFile(original, FILE_LENGTH);
  const sha256 = await sha256Of(original);

  const tracker = start("tracker", ["0", "--host", "127.0.0.1"]);
  const [announceUrl] = await tracker.stdout.waitFor(/http\S+\/announce/);
  console.writeLine(`The tracker is running: ${announceUrl}`);

  const creator = start("create", [original, announceUrl, TORRENT_NAME]);
  const created = await creator.ended();
  if (created.code !== 0) throw new Error(created.stderr.trim());
  const startPeer = (dir: string): RunningProgram =>
    start("peer", [
      ...[TORRENT_NAME, "--dir", dir, "--host", "127.0.0.1"],
      ...["--port", "0", "--json"],
    ]);
  const seeder = startPeer(seedFolder);
  await seeder.stdout.waitFor(/"type":"announced"/);
  console.writeLine("The seeder has verified the file and shares it");

  const startMs = performance.now();
  const leechers = LEECHERS.map((name): Leecher => {
    const dir = join(folder, name);
    return { name, dir, program: startPeer(dir), verifiedBytes: 0 };
  });
  await watch(leechers, { console, startMs });
  const seconds = (performance.now() - startMs) / 1000;

  for (const { name, dir } of leechers) {
    if (await sha256Of(join(dir, FILE_NAME)) !== sha256) {
      throw new Error(`the copy of the ${name} leecher differs`);
    }
    const copy = `The copy of the ${name} leecher`;
    console.writeLine(`${copy} is correct: SHA-256 ${sha256}`);
  }
  const peers = [seeder, ...leechers.map((leecher) => leecher.program)];
  for (const program of [...peers, tracker]) {
    const { code, stderr } = await program.stop("SIGTERM");
    if (code !== 0) throw new Error(`a program ended with ${code}: ${stderr}`);
  }
  const rate = (LEECHERS.length * FILE_LENGTH / MIB / seconds).toFixed(0);
  const copies = `${LEECHERS.length} copies of ${FILE_LENGTH / MIB} MiB`;
  const time = `${seconds.toFixed(1)} s`;
  console.writeLine(`${copies} in ${time}, ${rate} MiB/s in total`);
}

/** Prints the progress of the leechers until all are complete. */
async function watch(
  leechers: Leecher[],
  { console, startMs }: { console: Console; startMs: number },
): Promise<void> {
  const { isLive } = console;
  const show = (): void => {
    const elapsedMs = performance.now() - startMs;
    const lines = leechers.map(({ name, verifiedBytes: doneBytes }) => {
      const label = `${name.padEnd(7)} `;
      const progress = { doneBytes, totalBytes: FILE_LENGTH, elapsedMs };
      const { columns } = console.room;
      return label + renderProgress(progress, columns - label.length);
    });
    if (isLive) console.show(lines);
    else for (const line of lines) console.writeLine(line);
  };
  const timer = setInterval(show, isLive ? 200 : 1000);
  try {
    await Promise.all(leechers.map(follow));
  } finally {
    clearInterval(timer);
  }
  if (isLive) console.show([]);
  else show();
}

async function follow(leecher: Leecher): Promise<void> {
  const { stdout } = leecher.program;
  while (leecher.verifiedBytes < FILE_LENGTH) {
    const [, verified, end] = await stdout.waitFor(
      /"type":"status".*"verified":(\d+)|"type":"(completed)"/,
    );
    leecher.verifiedBytes = end !== undefined ? FILE_LENGTH : Number(verified);
  }
}

function interruption(): Promise<string> {
  return new Promise((resolve) => {
    Deno.addSignalListener("SIGINT", () => resolve("interrupted"));
    const late = `not done within ${TIMEOUT_MS / 1000} s`;
    Deno.unrefTimer(setTimeout(() => resolve(late), TIMEOUT_MS));
  });
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "lanswarm-demo-" });
  const programs = new AsyncDisposableStack();
  const console = await Console.ofProcess();
  try {
    const reason = await Promise.race([
      runDemo(folder, { console, programs }),
      interruption(),
    ]);
    if (reason !== undefined) throw new Error(reason);
    return 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.writeErrorLine(`error: cannot run the demo: ${reason}`);
    return 1;
  } finally {
    await programs.disposeAsync();
    await Deno.remove(folder, { recursive: true });
    await console.end();
  }
}

if (import.meta.main) Deno.exit(await main());
