/**
 * A host with a writable file system, on which `strace` records the system calls of
 * the executables, and the changes on the disk and network addresses in its output. A
 * call of these kinds that cannot be parsed is kept as it is, so that none is overlooked.
 */
import { delay } from "@std/async/delay";
import { resolve } from "@std/path";
import type { ExecutablePaths } from "../../scripts/compile/targets.ts";
import { ExecutableHost } from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";

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

/** Effects of programs, including failed attempts. */
export interface SystemCalls {
  /** Absolute paths of the programs and of those that they started. */
  readonly executed: ReadonlySet<string>;
  /** Absolute paths that were created, opened for writing, renamed or removed. */
  readonly changed: ReadonlySet<string>;
  /** Addresses that they connected or sent to: `10.77.0.1:8000` or `[fd77::1]:8000`. */
  readonly contacted: ReadonlySet<string>;
}

const EXECUTING = /^execve(at)?$/;

/** Calls that change the disk with any arguments. */
const CHANGING = new RegExp(
  "^(creat|mkdir|mknod|rename|link|symlink|unlink|rmdir|truncate|f?chmod|" +
    "[fl]?chown|utime|utimes|futimes|utimens|l?setxattr|l?removexattr|mount|" +
    "umount|chroot|pivot_root)(at|at2|2)?$",
);

/** Calls that change the disk with some flags. */
const OPENING = /^open(at|at2)?$/;
const WRITING_FLAG = /\bO_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b/;

/** Calls with an address. */
const CONTACTING = /^(connect|sendto|sendmsg|sendmmsg)$/;

/** Reads the lines of programs that ran in `folder`, in any order. */
export function readSystemCalls(
  lines: readonly string[],
  folder: string,
): SystemCalls {
  const executed = new Set<string>();
  const changed = new Set<string>();
  const contacted = new Set<string>();
  for (const line of lines) {
    const [, name, args] = /^(\w+)\((.*)$/.exec(line) ?? [];
    if (name === undefined || args === undefined) continue;
    const changes = CHANGING.test(name) ||
      OPENING.test(name) && WRITING_FLAG.test(args);
    if (EXECUTING.test(name)) {
      executed.add(pathsIn(line, args, folder)[0]!);
    } else if (changes) {
      for (const path of pathsIn(line, args, folder)) changed.add(path);
    } else if (CONTACTING.test(name)) {
      const party = partyIn(line, args);
      if (party !== undefined) contacted.add(party);
    }
  }
  return { executed, changed, contacted };
}

/** The paths of a call, or its line if they are relative to an open folder. */
function pathsIn(line: string, args: string, folder: string): string[] {
  const paths = [...args.matchAll(/"((?:[^"\\]|\\.)*)"/g)]
    .map(([, path]) => path!);
  const isUnderstood = paths.length > 0 && !/^\d+,/.test(args) &&
    paths.every((path) => !path.includes("\\"));
  return isUnderstood ? paths.map((path) => resolve(folder, path)) : [line];
}

/** The address of a call, if it has one. */
function partyIn(line: string, args: string): string | undefined {
  const family = /\bsa_family=(AF_\w+)/.exec(args)?.[1];
  // Calls on a connection have no address, and netlink is not a network.
  if (family === undefined || family === "AF_NETLINK") return undefined;
  const port = /\bsin6?_port=htons\((\d+)\)/.exec(args)?.[1];
  const ipv4 = /\bsin_addr=inet_addr\("([^"]+)"\)/.exec(args)?.[1];
  const ipv6 = /\binet_pton\(AF_INET6, "([^"]+)"/.exec(args)?.[1];
  if (port === undefined) return line;
  if (ipv4 !== undefined) return `${ipv4}:${port}`;
  return ipv6 === undefined ? line : `[${ipv6}]:${port}`;
}
