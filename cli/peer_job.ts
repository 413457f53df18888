/**
 * The command line of `peer`, parsed to a job.
 */
import { MAX_PEERS, PEER_PORT } from "../lib/peers.ts";
import {
  isMagnetLink,
  parseMagnetLink,
  readPathGlob,
} from "../lib/torrents.ts";
import {
  JSON_FLAG,
  LISTENER_FLAGS,
  readTimeLimit,
  SERVICE_FLAGS,
  TIMEOUT_FLAG,
} from "./common_flags.ts";
import { invocationOf, splitWords } from "./command_words.ts";
import {
  flag,
  type FlagValues,
  grouped,
  parseCommandLine,
  readPort,
  wholeNumber,
} from "./flags.ts";
import { readTorrentSource } from "./load_torrent.ts";
import { UsageError } from "./program_error.ts";
import { readRate, readSize } from "./quantity.ts";

const HELP = `
Downloads and shares the content of torrents; every piece is verified.

Usage: ${invocationOf("peer")} TORRENT...
       ${invocationOf("peer")} --watch FOLDER
       ${invocationOf("peer")} create PATH ANNOUNCE_URL... [OUTPUT]
       ${invocationOf("peer")} show TORRENT
       ${invocationOf("peer")} verify TORRENT FOLDER

  TORRENT                a torrent file, its URL (a tracker serves some as
                         http://HOST:8000/torrents/NAME.torrent), or a magnet
                         link, in quotes
  create                 make a torrent file: see peer create --help
  show                   print what a torrent file contains
  verify                 check a copy: see peer verify --help

Options:

First, peer verifies what is on the disk: it seeds what is complete, continues
what is partial, and downloads the rest. Files that have not changed since they
were verified are not read again. Ctrl+C ends peer; to continue, run it again.
`;

/** Reads bytes a second, also as `limit` does: `10MB/s`. @throws {RangeError} */
function readMost(text: string): number {
  return /[kmg]b$|\/s$/i.test(text) ? readRate(text) : readSize(text);
}

const GLOB = { isFree: true, read: readPathGlob } as const;

const COMMAND = {
  isFree: true,
  read: (text: string) => splitWords(text),
} as const;

export const FLAGS = {
  ...grouped("What to fetch", {
    only: flag(
      "--only GLOB...  fetch these files and folders only, such as 'docs/**' or '*.iso'; may be given several times. Run again with more to fetch more",
      GLOB,
    ),
    not: flag("--not GLOB...  do not fetch these files and folders", GLOB),
    first: flag(
      "--first GLOB...  fetch these files first, one whole file after another in the order of the torrent; others get their names after them",
      GLOB,
    ),
    from: flag(
      "--from PATH...  take what is there already from a copy of this folder or file of an older version, which is not changed; may be given several times",
      { isFree: true },
    ),
    link: flag(
      "--link  with --from: make hard links to the files that are wholly the same, if nobody else can write to them, in the place of copies",
    ),
    seedOnly: flag(
      "--seed-only  share what is complete, download nothing, and give up the permission to write once everything is verified",
    ),
    watch: flag(
      "--watch FOLDER  share the torrents whose files are in FOLDER, those that come later too, and let go those whose files are removed",
    ),
  }),
  ...grouped("Where it goes", {
    dir: flag(
      "--dir FOLDER  folder of the content (default: the current folder)",
      { default: "." },
    ),
    atomic: flag(
      "--atomic  give the folder its name in one step, when all of it is complete; it is an error if something else has the name",
    ),
    force: flag(
      "--force  replace files of the torrent's names that hold no piece of it",
    ),
    mustVerify: flag("--verify  verify everything on the disk again"),
    stateDir: flag(
      "--state FOLDER  folder of the secret that marks what this user has verified (default: $STATE_DIRECTORY, or else the user's own state folder)",
    ),
  }),
  ...grouped("When it ends", {
    exitWhenComplete: flag(
      "--exit-when-complete  exit when every torrent is complete, without seeding",
    ),
    onComplete: flag(
      "--on-complete COMMAND  run a command when a torrent is complete, without a shell; its environment contains LANSWARM_NAME, LANSWARM_PATH and LANSWARM_INFO_HASH; with --json, its standard output is discarded",
      COMMAND,
    ),
    onFile: flag(
      "--on-file COMMAND  the same for each file that is complete and has its name, one after another; LANSWARM_FILE has its path",
      COMMAND,
    ),
    timeoutMs: TIMEOUT_FLAG,
    giveUpAfterMs: flag(
      "--give-up-after TIME  end with 4 if nothing has arrived for this time while anything is incomplete",
      { default: Infinity, read: readTimeLimit },
    ),
    retryForMs: SERVICE_FLAGS.retryForMs,
    onHangup: SERVICE_FLAGS.onHangup,
  }),
  ...grouped("The network", {
    port: flag(
      `--port PORT  port to listen on; if it is taken, the next free one (default: ${PEER_PORT})`,
      { default: PEER_PORT, read: readPort },
    ),
    ...LISTENER_FLAGS,
    maxPeers: flag(
      `--max-peers COUNT  most connections per torrent (default: ${MAX_PEERS})`,
      { default: MAX_PEERS, read: wholeNumber(1, 10_000) },
    ),
    maxUploadBytesPerSecond: flag(
      "--max-upload RATE  most bytes to send per second, as 500KiB or 10MB/s, or 0 for no limit (default: 0)",
      { default: 0, read: readMost },
    ),
    maxDownloadBytesPerSecond: flag(
      "--max-download RATE  most bytes to receive per second (default: 0)",
      { default: 0, read: readMost },
    ),
    noDiscovery: flag(
      "--no-discovery  send nothing by multicast: find peers by trackers and other peers only, not on the local network",
    ),
  }),
  ...grouped("Output", {
    quiet: flag("--quiet  print errors only"),
    json: JSON_FLAG,
    isDebug: SERVICE_FLAGS.isDebug,
  }),
} as const;

export interface PeerJob extends FlagValues<typeof FLAGS> {
  /** Paths or URLs of torrent files, or magnet links. None with `watch`, and for `get` and `share`. */
  readonly torrents: readonly string[];
}

export function parsePeerJob(args: readonly string[]): PeerJob {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
    takes: { name: "TORRENT" },
  });
  checkOutput(flags);
  if (flags.watch === undefined) {
    if (positionals.length === 0) throw new UsageError("no TORRENT is given");
  } else if (positionals.length > 0) {
    throw new UsageError(
      "a TORRENT and --watch are both given; put the torrent file into the folder",
    );
  } else if (flags.exitWhenComplete) {
    throw new UsageError(
      "--exit-when-complete: with --watch, more torrents may come",
    );
  }
  const torrents = positionals.map(readTorrentSource);
  const linked = torrents.filter(isMagnetLink)
    .map((link) => parseMagnetLink(link).infoHash);
  if (new Set(linked).size < linked.length) {
    throw new UsageError("two magnet links are the same torrent; give it once");
  }
  return { ...flags, torrents };
}

/** Checks the flags of what a peer prints and runs. @throws {UsageError} */
export function checkOutput(
  { quiet, json, onComplete, ...job }:
    & Pick<PeerJob, "quiet" | "json">
    & Partial<PeerJob>,
): void {
  if (quiet && json) {
    throw new UsageError("--quiet and --json are both given; choose one");
  }
  if (job.atomic && job.onFile !== undefined) {
    throw new UsageError(
      "--on-file: with --atomic no file has its name before all are complete; use --on-complete",
    );
  }
  if (job.atomic && job.seedOnly) {
    throw new UsageError("--atomic: nothing is fetched with --seed-only");
  }
  if (job.link && job.from?.length === 0) {
    throw new UsageError("--link: give the older version with --from");
  }
  if (onComplete?.length === 0) {
    throw new UsageError("--on-complete: it contains no command");
  }
}
