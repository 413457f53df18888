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
  --host ADDRESS          address to listen on (default: all, IPv4 and IPv6)
  --udp                   answer over UDP as well, on the same port
  --allow NETWORK         answer hosts of this network only, such as
                          192.168.0.0/16; may be given several times
  --deny NETWORK          never answer hosts of this network; may be given
                          several times
  --interval SECONDS      time between two announces of a peer (default: 10 to
                          ${
  ANNOUNCE_INTERVAL / 1000
}, shorter while a swarm is young or incomplete)
  --peer-timeout SECONDS  forget a peer that has not announced for this time
                          (default: ${PEER_TIMEOUT / 1000})
  --store STORE           what is kept or shared beside the peers, which are
                          always in memory (default: memory):
                          memory             nothing
                          sqlite:FILE        torrents and their counts
                          redis://HOST:PORT  swarms, with other trackers
  --torrents FOLDER       list the .torrent files of this folder, and serve them
                          as /torrents/NAME.torrent; files may come and go
  --only-listed           refuse all torrents that are not in that folder
  --page-name NAME        answer browsers that open the tracker under this name
                          as well; IP addresses, localhost and this machine's
                          own name need no flag; may be given several times
  --trust-proxy           take a peer's address from the headers of a proxy
                          (Forwarded, X-Forwarded-For, X-Real-IP) or from ip=;
                          safe only if all requests come through the proxy
  --retry-for TIME        how long to wait for the address of --host if this
                          machine does not have it yet, such as 90s, 10m, 2h or
                          forever (default: 60s)
  --on-hangup ACTION      what SIGHUP does: ignore or end (default: end if the
                          tracker was started in a terminal)
  --log                   print a line for each announce
  --quiet                 print the URLs only; with --log, the announces as well
  --json                  print one JSON object per line
  --debug                 print the stack trace of an error
  --version               print the version
  --help                  print this help

Several trackers can run side by side, each on a port of its own. After a
restart of the tracker, peers return with their next announce.
`;

/** The flags of `tracker`. */
export const FLAGS = {
  ...LISTENER_FLAGS,
  host: { type: "text", form: "word" },
  udp: { type: "boolean" },
  intervalSeconds: {
    flag: "interval",
    type: "text",
    read: wholeNumber(1, MAX_SECONDS),
  },
  peerTimeoutSeconds: {
    flag: "peer-timeout",
    type: "text",
    default: PEER_TIMEOUT / 1000,
    read: wholeNumber(1, MAX_SECONDS),
  },
  store: {
    type: "text",
    default: "memory",
    form: "free",
    read: (text: string) => {
      // A file's name may contain blanks. The error does not repeat the text, which
      // may contain a password.
      const store = trimText(text);
      parseStoreAddress(store);
      return store;
    },
  },
  torrentsDir: { flag: "torrents", type: "text" },
  onlyListed: { flag: "only-listed", type: "boolean" },
  pageNames: {
    flag: "page-name",
    type: "list",
    check: (names: readonly string[]) => names.forEach(checkName),
  },
  trustProxy: { flag: "trust-proxy", type: "boolean" },
  log: { type: "boolean" },
  quiet: { type: "boolean" },
  json: { type: "boolean" },
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
  });
  if (flags.onlyListed && flags.torrentsDir === undefined) {
    throw new UsageError("--only-listed needs --torrents FOLDER");
  }
  return { ...flags, port: readPort(positionals) };
}

/** @throws {RangeError} If browsers would not send the text as a name. */
function checkName(name: string): void {
  if (/^[a-z\d_]([\w.-]*[\w.])?$/i.test(name)) return;
  throw new RangeError(
    `${JSON.stringify(name)} is not a host name such as tracker.example.org ` +
      "(no port; other letters as xn--...)",
  );
}

function readPort([text, ...others]: readonly string[]): number {
  if (others.length > 0) {
    throw new UsageError(
      `tracker takes one PORT, but ${others.length + 1} are given`,
    );
  }
  if (text === undefined) return DEFAULT_TRACKER_PORT;
  const read = wholeNumber(0, 65_535);
  return readArgument("PORT", text, (text) => read(readWord(text)));
}
