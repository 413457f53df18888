/**
 * The command line of `share`, parsed to a job, and its rollout: the hosts that it
 * expects, the end when all of them are verified, and what is written when it ends
 * before.
 */
import { PEER_PORT } from "../lib/peers.ts";
import {
  describeVerdict,
  type Expectation,
  formatReport,
  HostProbes,
  readExpectation,
  Rollout,
  type Verdict,
} from "../lib/shares.ts";
import { DEFAULT_TRACKER_PORT } from "../lib/trackers.ts";
import { LISTENER_FLAGS, SERVICE_FLAGS } from "./common_flags.ts";
import { invocationOf } from "./command_words.ts";
import type { Console } from "./console.ts";
import { namedToken } from "./control.ts";
import { FLAGS as CREATE_FLAGS, readAlignment } from "./create_job.ts";
import {
  flag,
  type FlagValues,
  grouped,
  parseCommandLine,
  readFileArgument,
  readPort,
  wholeNumber,
} from "./flags.ts";
import { describeHosts } from "./host_lines.ts";
import { ownAddresses } from "./lan_addresses.ts";
import { checkOutput, FLAGS as PEER_FLAGS, type PeerJob } from "./peer_job.ts";
import { printable, printableJson } from "./printable.ts";
import {
  EXIT_CODES,
  type ExitCode,
  ProgramError,
  UsageError,
} from "./program_error.ts";
import { msUntil } from "./quantity.ts";

const HELP = `
Shares files and folders with every machine of the network, which fetches them
with: ${invocationOf("get")}

Usage: ${invocationOf("share")} PATH...

  PATH    a file or folder, or a torrent file whose content is in --dir

Options:

Machines may join at once; each starts by itself when everything is hashed. The
page on the HTTP port shows all of them. Only the folder .lanswarm beside the
source is written, so that a second share need not hash what has not changed.
`;

/** Reads hosts, or the path of a file that lists them. */
function readExpected(
  text: string,
): Expectation | { readonly type: "file"; readonly path: string } {
  return text.startsWith("@") && text.length > 1
    ? { type: "file", path: text.slice(1) }
    : readExpectation(text);
}

export const FLAGS = {
  ...grouped("What to share", {
    name: CREATE_FLAGS.name,
    includeGlobs: CREATE_FLAGS.includeGlobs,
    excludeGlobs: CREATE_FLAGS.excludeGlobs,
    dir: flag(
      "--dir FOLDER  folder of a torrent file's content (default: the current folder)",
      { default: "." },
    ),
    isPrivate: {
      ...CREATE_FLAGS.isPrivate,
      help: "machines find each other through this one only",
    },
    align: CREATE_FLAGS.align,
    noAlign: CREATE_FLAGS.noAlign,
    similar: CREATE_FLAGS.similar,
    collections: CREATE_FLAGS.collections,
    mustVerify: flag("--verify  hash everything again"),
    stateDir: PEER_FLAGS.stateDir,
  }),
  ...grouped("When it ends", {
    expect: flag(
      "--expect HOSTS  end with 0 as soon as these hosts have everything, verified: their number, names and addresses such as lab[01-40],192.168.1.9, or @FILE with a list of them; with 4 if the share ends before, and their names on standard output",
      { isFree: true, read: readExpected },
    ),
    atLeast: flag("--at-least COUNT  so many of them are enough", {
      read: wholeNumber(1),
    }),
    isStaying: flag("--stay  go on when all of them are verified"),
    report: flag("--report FILE  write a table of the hosts (CSV) at the end"),
    timeoutMs: PEER_FLAGS.timeoutMs,
    byMs: flag(
      "--by TIME  end at this time of the day, such as 7:30 or 18:00",
      { default: Infinity, read: (text: string) => msUntil(text, new Date()) },
    ),
    onHangup: SERVICE_FLAGS.onHangup,
  }),
  ...grouped("The network", {
    port: flag(
      `--port PORT  HTTP port; if it is taken, the next free one (default: ${DEFAULT_TRACKER_PORT})`,
      { default: DEFAULT_TRACKER_PORT, read: readPort },
    ),
    peerPort: flag(
      `--peer-port PORT  port for the content; if it is taken, the next free one (default: ${PEER_PORT})`,
      { default: PEER_PORT, read: readPort },
    ),
    ...LISTENER_FLAGS,
    maxPeers: PEER_FLAGS.maxPeers,
    maxUploadBytesPerSecond: PEER_FLAGS.maxUploadBytesPerSecond,
    noDiscovery: flag(
      "--no-discovery  send no multicast: machines name this one to find the shares",
    ),
    tokenFile: flag(
      "--token-file FILE  file with the token that pause, resume and limit need (default: the environment variable LANSWARM_TOKEN, then one in .lanswarm/token)",
    ),
  }),
  ...grouped("Output", {
    quiet: flag("--quiet  print errors and addresses only"),
    json: PEER_FLAGS.json,
    isDebug: SERVICE_FLAGS.isDebug,
  }),
} as const;

export interface ShareJob extends FlagValues<typeof FLAGS> {
  readonly paths: readonly string[];
}

export function parseShareJob(args: readonly string[]): ShareJob {
  const { flags, positionals: paths } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
    takes: { name: "PATH", min: 1 },
  });
  if (flags.name !== undefined && paths.length > 1) {
    throw new UsageError(
      "--name is for one PATH; share the others with another command",
    );
  }
  if (flags.name !== undefined && /\.torrent$/i.test(paths[0]!)) {
    throw new UsageError("--name: a torrent file is shared as it is");
  }
  if (flags.isStaying && flags.expect === undefined) {
    throw new UsageError("--stay goes on after --expect, which is not given");
  }
  readAlignment(flags);
  checkOutput(flags);
  return { ...flags, paths };
}

/** The job of a peer that seeds what is shared. */
export function seederJob(job: ShareJob): PeerJob {
  const { flags } = parseCommandLine([], { flags: PEER_FLAGS, help: "" });
  const { peerPort: port, byMs } = job;
  const timeoutMs = Math.min(job.timeoutMs, byMs);
  return { ...flags, ...job, port, timeoutMs, seedOnly: true, torrents: [] };
}

const CHECK_INTERVAL_MS = 250;
/** Time that a program which asks for the rollout has to see its end. */
const LINGER_MS = 2_500;
/** Hosts that the last error describes at most. */
const MAX_DETAILS = 100;

/** The rollout of a job, until it is disposed of. */
export interface ShareRollout extends Disposable {
  readonly rollout: Rollout;
  /** Aborts when enough hosts are verified, unless the job stays. */
  readonly met: AbortSignal;
  /**
   * Writes what is left to say when the share ends.
   * @param code Of the share itself, or of its error.
   * @throws {ProgramError} If hosts are missing, and the share itself is done.
   */
  finish(code: ExitCode): void;
}

/**
 * Opens the files that the job names, before permissions are given up.
 * @throws {UsageError} If one of them cannot be opened.
 */
export async function openShareRollout(
  job: ShareJob,
  console: Pick<Console, "writeResult" | "warn" | "widthOf">,
): Promise<ShareRollout> {
  const expectation = await expectationOf(job);
  const token = await namedToken(job.tokenFile);
  const report = await openReport(job.report);
  const { atLeast, isStaying } = job;
  const rollout = new Rollout({
    ...{ expectation, atLeast, ownHostnames: ownAddresses },
  });
  if (token !== undefined) rollout.control.tokens.add(token);
  const probes = new HostProbes(rollout);
  const met = new AbortController();
  let metAtMs: number | undefined;
  /** With which the share ends, whatever hosts do since. */
  let last: Verdict | undefined;
  const verdictNow = (): Verdict =>
    rollout.verdict(rollout.hosts(performance.now()));
  const check = (): void => {
    const verdict = verdictNow();
    probes.run();
    if (met.signal.aborted || isStaying || !verdict.isMet) return;
    const nowMs = performance.now();
    metAtMs ??= nowMs;
    // A program that waits for the verdict must not find the share gone.
    const isRead = metAtMs - rollout.lastReadMs < LINGER_MS;
    if (isRead && nowMs - metAtMs < LINGER_MS) return;
    last = verdict;
    met.abort();
  };
  const timer = setInterval(check, CHECK_INTERVAL_MS);
  return {
    rollout,
    met: met.signal,
    finish: (code) => {
      if (report !== undefined) writeReport(report, rollout, console);
      const { isMet, missing, needed, verified } = last ?? verdictNow();
      const isUndone = code === EXIT_CODES.done || code === EXIT_CODES.undone;
      if (needed === undefined || !isUndone) return;
      if (isMet) {
        if (!job.json && !job.quiet) {
          console.writeResult(describeVerdict({ needed, verified }, needed));
        }
        return;
      }
      const names = missing.map(({ name }) => name);
      const lines = job.json
        ? [printableJson({ type: "undone", missing: names })]
        : names.map(printable);
      lines.forEach((line) => console.writeResult(line));
      if (code === EXIT_CODES.undone) return;
      const { widthOf } = console;
      const details = describeHosts(missing, { rows: MAX_DETAILS, widthOf });
      throw new ProgramError(
        `cannot finish: ${verified} of the ${needed} machines of --expect are verified; run again to continue`,
        { exitCode: EXIT_CODES.undone, details },
      );
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      probes[Symbol.dispose]();
      report?.close();
    },
  };
}

/** Through a handle that is open: the permission to write is given up by now. */
function writeReport(
  file: Deno.FsFile,
  rollout: Rollout,
  console: Pick<Console, "warn">,
): void {
  const clocks = { nowMs: performance.now(), wallMs: Date.now() };
  const bytes = new TextEncoder().encode(formatReport(rollout, clocks));
  try {
    file.truncateSync();
    for (let offset = 0; offset < bytes.length;) {
      offset += file.writeSync(bytes.subarray(offset));
    }
  } catch (error) {
    const { message } = error as Error;
    console.warn(`cannot write the table of --report: ${message}`);
  }
}

async function openReport(
  path: string | undefined,
): Promise<Deno.FsFile | undefined> {
  if (path === undefined) return undefined;
  try {
    return await Deno.open(path, { create: true, write: true });
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(`--report: cannot write ${path}: ${message}`);
  }
}

export async function expectationOf(
  { expect, atLeast = 1 }: ShareJob,
): Promise<Expectation | undefined> {
  const expectation = expect?.type === "file"
    ? await readFileArgument("--expect", expect.path, readExpectation)
    : expect;
  const count = expectation?.type === "hosts"
    ? expectation.names.length
    : expectation?.count ?? Infinity;
  if (atLeast <= count) return expectation;
  throw new UsageError(`--at-least is more than the ${count} of --expect`);
}
