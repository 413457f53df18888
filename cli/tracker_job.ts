/**
 * The command line of `tracker`, parsed to a job.
 *
 * @module
 */
import {
  ANNOUNCE_INTERVAL,
  DEFAULT_TRACKER_PORT,
  parseStoreAddress,
  PEER_TIMEOUT,
  readWord,
  trimText,
} from "../mod.ts";
import { invocationOf } from "./command_words.ts";
import {
  type FlagValues,
  LISTENER_FLAGS,
  parseCommandLine,
  readArgument,
  SERVICE_FLAGS,
  wholeNumber,
} from "./flags.ts";
import { UsageError } from "./program_error.ts";

/** A day, in seconds. */
const MAX_SECONDS = 86_400;

const HELP = `
Runs a BitTorrent tracker: it tells the peers of a torrent about each other.

Usage: ${invocationOf("tracker")} [PORT]

  PORT                    port to listen on, 0 for any free port (default: ${DEFAULT_TRACKER_PORT})

Options:

Several trackers can run side by side, each on a port of its own. After a
restart of the tracker, peers return with their next announce.
`;

/** The flags of `tracker`. */
export const FLAGS = {
  ...LISTENER_FLAGS,
  udp: {
    usage: "--udp",
    help: "answer over UDP as well, on the same port",
  },
  intervalSeconds: {
    usage: "--interval SECONDS",
    help: `time between two announces of a peer (default: 10 to ${
      ANNOUNCE_INTERVAL / 1000
    }, shorter while a swarm is young or incomplete)`,
    read: wholeNumber(1, MAX_SECONDS),
  },
  peerTimeoutSeconds: {
    usage: "--peer-timeout SECONDS",
    help: `forget a peer that has not announced for this time (default: ${
      PEER_TIMEOUT / 1000
    })`,
    default: PEER_TIMEOUT / 1000,
    read: wholeNumber(1, MAX_SECONDS),
  },
  store: {
    usage: "--store STORE",
    help:
      "what is kept or shared beside the peers, which are always in memory (default: memory):\n" +
      "memory             nothing\n" +
      "sqlite:FILE        torrents and their counts\n" +
      "redis://HOST:PORT  swarms, with other trackers",
    default: "memory",
    isFree: true,
    read: (text: string) => {
      // A file's name may contain blanks. The error does not repeat the text, which
      // may contain a password.
      const store = trimText(text);
      parseStoreAddress(store);
      return store;
    },
  },
  torrentsDir: {
    usage: "--torrents FOLDER",
    help:
      "list the .torrent files of this folder, and serve them as /torrents/NAME.torrent; files may come and go",
  },
  onlyListed: {
    usage: "--only-listed",
    help: "refuse all torrents that are not in that folder",
  },
  pageNames: {
    usage: "--page-name NAME...",
    help:
      "answer browsers that open the tracker under this name as well; IP addresses, localhost and this machine's own name need no flag; may be given several times",
    read: readPageName,
  },
  trustProxy: {
    usage: "--trust-proxy",
    help:
      "take a peer's address from the headers of a proxy (Forwarded, X-Forwarded-For, X-Real-IP) or from ip=; safe only if all requests come through the proxy",
  },
  log: { usage: "--log", help: "print a line for each announce" },
  quiet: {
    usage: "--quiet",
    help: "print the URLs only; with --log, the announces as well",
  },
  json: { usage: "--json", help: "print one JSON object per line" },
  ...SERVICE_FLAGS,
} as const;

/** One run of `tracker`; the help describes the fields. */
export interface TrackerJob extends FlagValues<typeof FLAGS> {
  /** 0 for any free port. */
  readonly port: number;
}

/** Reads the command line of `tracker`. @throws {UsageError} */
export function parseTrackerJob(args: readonly string[]): TrackerJob {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
    takes: { name: "PORT", max: 1 },
  });
  if (flags.onlyListed && flags.torrentsDir === undefined) {
    throw new UsageError("--only-listed needs --torrents FOLDER");
  }
  const [port] = positionals;
  const read = wholeNumber(0, 65_535);
  return {
    ...flags,
    port: port === undefined
      ? DEFAULT_TRACKER_PORT
      : readArgument("PORT", port, (text) => read(readWord(text))),
  };
}

/** @throws {RangeError} If browsers would not send the text as a name. */
function readPageName(name: string): string {
  if (/^[a-z\d_]([\w.-]*[\w.])?$/i.test(name)) return name;
  throw new RangeError(
    `${JSON.stringify(name)} is not a host name such as tracker.example.org ` +
      "(no port; other letters as xn--...)",
  );
}
