/**
 * The command line of `share`, parsed to a job.
 *
 * @module
 */
import {
  DEFAULT_TRACKER_PORT,
  type Expectation,
  PEER_PORT,
  readExpectation,
} from "../mod.ts";
import { invocationOf } from "./command_words.ts";
import { FLAGS as CREATE_FLAGS } from "./create_job.ts";
import {
  type FlagValues,
  LISTENER_FLAGS,
  parseCommandLine,
  readPort,
  SERVICE_FLAGS,
  wholeNumber,
} from "./flags.ts";
import { checkOutput, FLAGS as PEER_FLAGS, type PeerJob } from "./peer_job.ts";
import { UsageError } from "./program_error.ts";
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

/** A file that lists the hosts. */
interface ExpectationFile {
  readonly type: "file";
  readonly path: string;
}

function readExpected(text: string): Expectation | ExpectationFile {
  return text.startsWith("@") && text.length > 1
    ? { type: "file", path: text.slice(1) }
    : readExpectation(text);
}

export const FLAGS = {
  name: CREATE_FLAGS.name,
  includeGlobs: CREATE_FLAGS.includeGlobs,
  excludeGlobs: CREATE_FLAGS.excludeGlobs,
  isPrivate: {
    ...CREATE_FLAGS.isPrivate,
    help: "machines find each other through this one only",
  },
  expect: {
    usage: "--expect HOSTS",
    help:
      "end with 0 as soon as these hosts have everything, verified: their number, names and addresses such as lab[01-40],192.168.1.9, or @FILE with a list of them; with 4 if the share ends before, and their names on standard output",
    isFree: true,
    read: readExpected,
  },
  atLeast: {
    usage: "--at-least COUNT",
    help: "so many of them are enough",
    read: wholeNumber(1),
  },
  isStaying: { usage: "--stay", help: "go on when all of them are verified" },
  report: {
    usage: "--report FILE",
    help: "write a table of the hosts (CSV) at the end",
  },
  timeoutMs: PEER_FLAGS.timeoutMs,
  byMs: {
    usage: "--by TIME",
    help: "end at this time of the day, such as 7:30 or 18:00",
    default: Infinity,
    read: (text: string) => msUntil(text, new Date()),
  },
  port: {
    usage: "--port PORT",
    help:
      `HTTP port; if it is taken, the next free one (default: ${DEFAULT_TRACKER_PORT})`,
    default: DEFAULT_TRACKER_PORT,
    read: readPort,
  },
  peerPort: {
    usage: "--peer-port PORT",
    help:
      `port for the content; if it is taken, the next free one (default: ${PEER_PORT})`,
    default: PEER_PORT,
    read: readPort,
  },
  ...LISTENER_FLAGS,
  maxPeers: PEER_FLAGS.maxPeers,
  maxUploadBytesPerSecond: PEER_FLAGS.maxUploadBytesPerSecond,
  noDiscovery: {
    usage: "--no-discovery",
    help: "send no multicast: machines name this one to find the shares",
  },
  dir: {
    usage: "--dir FOLDER",
    help: "folder of a torrent file's content (default: the current folder)",
    default: ".",
  },
  mustVerify: { usage: "--verify", help: "hash everything again" },
  stateDir: PEER_FLAGS.stateDir,
  tokenFile: {
    usage: "--token-file FILE",
    help:
      "file with the token that pause, resume and limit need (default: the environment variable LANSWARM_TOKEN, then one in .lanswarm/token)",
  },
  quiet: { usage: "--quiet", help: "print errors and addresses only" },
  json: PEER_FLAGS.json,
  onHangup: SERVICE_FLAGS.onHangup,
  isDebug: SERVICE_FLAGS.isDebug,
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
