/**
 * The command line of `peer`, parsed to a job.
 *
 * @module
 */
import { MAX_PEERS, PEER_PORT, platformOf } from "../mod.ts";
import { invocationOf, splitWords } from "./command_words.ts";
import { type NetworkFlags, parseCommandLine, readNetworks } from "./flags.ts";
import { UsageError } from "./program_error.ts";

/** What `peer` prints. */
export type OutputMode = "text" | "json" | "quiet";

/** What `peer` is asked to do. */
export interface PeerJob {
  /** Paths or URLs of torrent files, at least one. */
  readonly torrents: readonly string[];
  readonly dir: string;
  readonly port: number;
  readonly host: string | undefined;
  readonly maxPeers: number;
  /** The hosts to connect with. */
  readonly networks: NetworkFlags;
  /** 0 for no limit. */
  readonly maxUploadBytesPerSecond: number;
  /** 0 for no limit. */
  readonly maxDownloadBytesPerSecond: number;
  readonly exitWhenComplete: boolean;
  /** Whether to hash everything on the disk, despite the resume record. */
  readonly mustVerify: boolean;
  /** Program and arguments. */
  readonly onComplete: readonly string[] | undefined;
  readonly output: OutputMode;
  /** Whether to print the stack of an error. */
  readonly isDebug: boolean;
}

const HELP = `
Downloads and shares the content of torrents; every piece is verified.

Usage: ${invocationOf("peer")} TORRENT...
       ${invocationOf("peer")} create PATH ANNOUNCE_URL... [OUTPUT]
       ${invocationOf("peer")} show TORRENT

  TORRENT                a torrent file, or its URL, such as the URL of one that
                         a tracker serves: http://HOST:8000/torrents/NAME.torrent
  create                 make a torrent file: see peer create --help
  show                   print what a torrent file contains

Options:
  --dir FOLDER           folder of the content (default: the current folder)
  --port PORT            port to listen on, or the next free port (default: ${PEER_PORT})
  --host ADDRESS         address to listen on (default: all, IPv4 and IPv6)
  --max-peers COUNT      most connections per torrent (default: ${MAX_PEERS})
  --allow NETWORK        connect with hosts of this network only, such as
                         192.168.0.0/16; may be given several times
  --deny NETWORK         never connect with hosts of this network; may be given
                         several times
  --max-upload SIZE      most bytes to send per second, as 500KiB or 1MiB, or 0
                         for no limit (default: 0)
  --max-download SIZE    most bytes to receive per second (default: 0)
  --exit-when-complete   exit when every torrent is complete; do not go on seeding
  --verify               verify everything on the disk again
  --on-complete COMMAND  run a command when a torrent is complete, without a
                         shell; its environment contains LANSWARM_NAME,
                         LANSWARM_PATH and LANSWARM_INFO_HASH; with --json, its
                         standard output is discarded
  --quiet                print errors only
  --json                 print one JSON object per line
  --debug                print the stack trace of an error
  --version              print the version
  --help                 print this help

First peer verifies what is on the disk: it seeds complete content, continues a
partial download, and downloads the rest. Files that have not changed since they
were verified are not read again. Ctrl+C ends peer; to continue, run it again.
`;

/**
 * Reads the arguments of `peer`.
 * @throws {UsageError} If they make no sense.
 */
export function parsePeerJob(args: readonly string[]): PeerJob {
  const { flags, positionals, isDebug } = parseCommandLine(args, {
    help: HELP,
    flags: {
      dir: { type: "text", default: "." },
      port: { type: "number", default: PEER_PORT, max: 65535 },
      host: { type: "text" },
      "max-peers": { type: "number", default: MAX_PEERS, min: 1, max: 10_000 },
      allow: { type: "list" },
      deny: { type: "list" },
      "max-upload": { type: "size", default: 0 },
      "max-download": { type: "size", default: 0 },
      "exit-when-complete": { type: "boolean" },
      verify: { type: "boolean" },
      "on-complete": { type: "text" },
      quiet: { type: "boolean" },
      json: { type: "boolean" },
    },
  });
  if (positionals.length === 0) throw new UsageError("no TORRENT is given");
  if (flags.quiet && flags.json) {
    throw new UsageError("--quiet and --json are both given; choose one");
  }
  return {
    torrents: positionals,
    dir: flags.dir,
    port: flags.port,
    host: flags.host,
    maxPeers: flags["max-peers"],
    networks: readNetworks(flags),
    maxUploadBytesPerSecond: flags["max-upload"],
    maxDownloadBytesPerSecond: flags["max-download"],
    exitWhenComplete: flags["exit-when-complete"],
    mustVerify: flags.verify,
    onComplete: readCommand(flags["on-complete"]),
    output: flags.json ? "json" : flags.quiet ? "quiet" : "text",
    isDebug,
  };
}

function readCommand(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  let words: string[];
  try {
    words = splitWords(text, platformOf(Deno.build.os));
  } catch (error) {
    throw new UsageError(`--on-complete: ${(error as Error).message}`);
  }
  if (words.length === 0) {
    throw new UsageError("--on-complete contains no command");
  }
  return words;
}
