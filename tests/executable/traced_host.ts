/**
 * A host like any machine, whose whole file system could be written, on which
 * `strace` notes what the executables ask the system for.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { ExecutablePaths } from "../../scripts/compile/targets.ts";
import { ExecutableHost } from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { readSystemCalls, type SystemCalls } from "./system_calls.ts";

/** What begins the names of strace's files: one for each thread. */
const TRACE_NAME = "trace";

/** How long strace may take to note a program's end, in milliseconds. */
const TRACE_TIMEOUT_MS = 20_000;

/**
 * Runs its arguments as a child and passes the signal on that ends it. Deno 2.4
 * panics over a child of its own that is traced: the end of one is to be seen
 * before it can be waited for.
 */
const BETWEEN = `
trap 'isAsked=1; kill -TERM "$program"' TERM
"$@" & program=$!
wait "$program"; code=$?
if [ -n "$isAsked" ]; then wait "$program"; code=$?; fi
exit "$code"
`;

/** A host with its executables in a folder `work`, from which they are run. */
export class TracedHost extends ExecutableHost {
  readonly #host: Host;

  /** For {@linkcode tracedHost} alone. */
  constructor(host: Host) {
    const folder = host.path("work");
    super(host, {
      folder,
      launcher: [
        ...["sh", "-c", BETWEEN, "sh"],
        ...["env", "-i", `--chdir=${folder}`],
        ...[`HOME=${host.path("home")}`, `TMPDIR=${host.path("temporary")}`],
        // Beside the program, which gets the signals; with a file for each thread
        // no call is split.
        ...["strace", "-D", "-ff", "-e", "trace=%file,%network"],
        ...["-o", host.path(TRACE_NAME)],
      ],
    });
    this.#host = host;
  }

  /** All that the programs which ran here asked for; they have ended. */
  async systemCalls(): Promise<SystemCalls> {
    const lines: string[] = [];
    for await (const { name } of Deno.readDir(this.#host.folder)) {
      if (!name.startsWith(`${TRACE_NAME}.`)) continue;
      lines.push(...await readTrace(this.#host.path(name)));
    }
    return readSystemCalls(lines, this.folder);
  }
}

/** Reads the trace of a thread, which is known to end, to its end. */
async function readTrace(path: string): Promise<string[]> {
  const endTime = Date.now() + TRACE_TIMEOUT_MS;
  for (;;) {
    const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
    if (lines.at(-1)?.startsWith("+++ ")) return lines;
    if (Date.now() > endTime) {
      throw new Error(`Cannot read ${path}: it has no end: ${lines.at(-1)}`);
    }
    await delay(20);
  }
}

/**
 * A host whose programs run in `work` with both executables, and which has the
 * folders `content` for them to fill, and `home` and `temporary` as a user has.
 */
export async function tracedHost(
  host: Host,
  executables: ExecutablePaths,
): Promise<TracedHost> {
  for (const name of ["work", "content", "home", "temporary"]) {
    await Deno.mkdir(host.path(name));
  }
  for (const name of ["tracker", "peer"] as const) {
    await Deno.copyFile(executables[name], host.path("work", name));
  }
  return new TracedHost(host);
}
