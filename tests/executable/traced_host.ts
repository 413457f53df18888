/**
 * A host with a writable file system, on which `strace` records the system calls of
 * the executables.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { ExecutablePaths } from "../../scripts/compile/targets.ts";
import { ExecutableHost } from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { readSystemCalls, type SystemCalls } from "./system_calls.ts";

/** Prefix of strace's files, one for each thread. */
const TRACE_NAME = "trace";

/** Longest wait for strace to record the end of a program, in milliseconds. */
const TRACE_TIMEOUT_MS = 20_000;

/**
 * Runs its arguments as a child and forwards the signal that ends it. Deno 2.4 panics
 * if its own child is traced: the end is visible before it can be waited for.
 */
const BETWEEN = `
trap 'isAsked=1; kill -TERM "$program"' TERM
"$@" & program=$!
wait "$program"; code=$?
if [ -n "$isAsked" ]; then wait "$program"; code=$?; fi
exit "$code"
`;

/** A host that runs executables in its folder `work`. */
export class TracedHost extends ExecutableHost {
  readonly #host: Host;

  /** Only {@linkcode tracedHost} calls this. */
  constructor(host: Host) {
    const folder = host.path("work");
    super(host, {
      folder,
      launcher: [
        ...["sh", "-c", BETWEEN, "sh"],
        ...["env", "-i", `--chdir=${folder}`],
        ...[`HOME=${host.path("home")}`, `TMPDIR=${host.path("temporary")}`],
        // strace runs beside the program, which gets the signals. With a file for
        // each thread no call is split.
        ...["strace", "-D", "-ff", "-e", "trace=%file,%network"],
        ...["-o", host.path(TRACE_NAME)],
      ],
    });
    this.#host = host;
  }

  /** The system calls of the programs, which have ended. */
  async systemCalls(): Promise<SystemCalls> {
    const lines: string[] = [];
    for await (const { name } of Deno.readDir(this.#host.folder)) {
      if (!name.startsWith(`${TRACE_NAME}.`)) continue;
      lines.push(...await readTrace(this.#host.path(name)));
    }
    return readSystemCalls(lines, this.folder);
  }
}

/** Reads the trace of a thread to its end. */
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
 * Creates a host with both executables in `work`, and the folders `content`, `home`
 * and `temporary`.
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
