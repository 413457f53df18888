/**
 * The command line of `peer`, parsed to a job.
 *
 * @module
 */
import { MAX_PEERS, PEER_PORT } from "../mod.ts";
import { invocationOf, splitWords } from "./command_words.ts";
import {
  type FlagValues,
  LISTENER_FLAGS,
  parseCommandLine,
  wholeNumber,
} from "./flags.ts";
import { readTorrentSource } from "./load_torrent.ts";
import { readDuration, readSize } from "./quantity.ts";
import { UsageError } from "./program_error.ts";

const HELP = `
Downloads and shares the content of torrents; every piece is verified.

Usage: ${invocationOf("peer")} TORRENT...
       ${invocationOf("peer")} create PATH ANNOUNCE_URL... [OUTPUT]
       ${invocationOf("peer")} show TORRENT

  TORRENT                a torrent file, or its URL: a tracker serves some as
                         http://HOST:8000/torrents/NAME.torrent
  create                 make a torrent file: see peer create --help
  show                   print what a torrent file contains

Options:
  --dir FOLDER           folder of the content (default: the current folder)
  --port PORT            port to listen on; if it is taken, the next free one
                         (default: ${PEER_PORT})
  --host ADDRESS         address to listen on (default: all, IPv4 and IPv6)
  --max-peers COUNT      most connections per torrent (default: ${MAX_PEERS})
  --allow NETWORK        connect with hosts of this network only, such as
                         192.168.0.0/16; may be given several times
  --deny NETWORK         never connect with hosts of this network; may be given
                         several times
  --max-upload RATE      most bytes to send per second, as 500KiB or 1MiB, or 0
                         for no limit (default: 0)
  --max-download RATE    most bytes to receive per second (default: 0)
  --exit-when-complete   exit when every torrent is complete, without seeding
  --retry-for TIME       how long to wait for what is not up yet: the server of
                         a torrent's URL, the address of --host; such as 90s,
                         10m, 2h or forever (default: 60s)
  --seed-only            share what is complete, download nothing, and give up
                         the permission to write once everything is verified
  --timeout TIME         end after this time, such as 90s, 10m or 2h; with 4 if
                         anything is incomplete
  --give-up-after TIME   end with 4 if nothing has arrived for this time while
                         anything is incomplete
  --on-hangup ACTION     what SIGHUP does: ignore or end (default: end if peer was
                         started in a terminal)
  --verify               verify everything on the disk again
  --force                replace files of the torrent's names that hold no piece
                         of it
  --state FOLDER         folder of the secret that marks what this user has
                         verified (default: $STATE_DIRECTORY, or else the
                         user's own state folder)
  --on-complete COMMAND  run a command when a torrent is complete, without a
                         shell; its environment contains LANSWARM_NAME,
                         LANSWARM_PATH and LANSWARM_INFO_HASH; with --json, its
                         standard output is discarded
  --quiet                print errors only
  --json                 print one JSON object per line
  --debug                print the stack trace of an error
  --version              print the version
  --help                 print this help

First, peer verifies what is on the disk: it seeds what is complete, continues
what is partial, and downloads the rest. Files that have not changed since they
were verified are not read again. Ctrl+C ends peer; to continue, run it again.
`;

const SIZE = { type: "text", default: 0, read: readSize } as const;

/** Reads a limit of time: 0 would be taken for none. */
function readTimeLimit(text: string): number {
  const limitMs = readDuration(text);
  if (limitMs > 0) return limitMs;
  throw new RangeError(`${JSON.stringify(text)} ends at once; give a time`);
}

const TIME_LIMIT = {
  type: "text",
  default: Infinity,
  read: readTimeLimit,
} as const;

/** The flags of `peer`. */
export const FLAGS = {
  ...LISTENER_FLAGS,
  dir: { type: "text", default: "." },
  port: { type: "text", default: PEER_PORT, read: wholeNumber(0, 65_535) },
  host: { type: "text", form: "word" },
  maxPeers: {
    flag: "max-peers",
    type: "text",
    default: MAX_PEERS,
    read: wholeNumber(1, 10_000),
  },
  maxUploadBytesPerSecond: { flag: "max-upload", ...SIZE },
  maxDownloadBytesPerSecond: { flag: "max-download", ...SIZE },
  exitWhenComplete: { flag: "exit-when-complete", type: "boolean" },
  seedOnly: { flag: "seed-only", type: "boolean" },
  timeoutMs: { flag: "timeout", ...TIME_LIMIT },
  giveUpAfterMs: { flag: "give-up-after", ...TIME_LIMIT },
  mustVerify: { flag: "verify", type: "boolean" },
  force: { type: "boolean" },
  stateDir: { flag: "state", type: "text" },
  onComplete: {
    flag: "on-complete",
    type: "text",
    form: "free",
    read: (text: string) => splitWords(text),
  },
  quiet: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** One run of `peer`; the help describes the fields. */
export interface PeerJob extends FlagValues<typeof FLAGS> {
  /** Paths or URLs of torrent files, at least one. */
  readonly torrents: readonly string[];
}

/** Reads the command line of `peer`. @throws {UsageError} */
export function parsePeerJob(args: readonly string[]): PeerJob {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
  });
  if (positionals.length === 0) throw new UsageError("no TORRENT is given");
  if (flags.quiet && flags.json) {
    throw new UsageError("--quiet and --json are both given; choose one");
  }
  if (flags.onComplete?.length === 0) {
    throw new UsageError("--on-complete: it contains no command");
  }
  return { ...flags, torrents: positionals.map(readTorrentSource) };
}
