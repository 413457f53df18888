/**
 * Extracts changes on the disk and network addresses from the output of `strace -ff`.
 * Pure. Invariant: a call of these kinds that cannot be parsed is kept as it is, so
 * that none is overlooked.
 *
 * @module
 */
import { resolve } from "@std/path";

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
