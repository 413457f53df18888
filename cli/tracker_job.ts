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
} from "../mod.ts";
import { invocationOf } from "./command_words.ts";
import { type NetworkFlags, parseCommandLine, readNetworks } from "./flags.ts";
import { UsageError } from "./program_error.ts";

/** What `tracker` is asked to do. */
export interface TrackerJob {
  /** 0 for any free port. */
  readonly port: number;
  /** `undefined` for all addresses, IPv4 and IPv6. */
  readonly host: string | undefined;
  /** Whether to answer over UDP as well. */
  readonly udp: boolean;
  /** The hosts that get an answer. */
  readonly networks: NetworkFlags;
  /** Time between two announces of a peer, in seconds; `undefined` if not given. */
  readonly intervalSeconds: number | undefined;
  /** Time without an announce after which a peer is forgotten, in seconds. */
  readonly peerTimeoutSeconds: number;
  /** Where the peers are kept; its form is checked. */
  readonly store: string;
  /** The folder whose torrent files are listed and served. */
  readonly torrentsDir: string | undefined;
  /** Whether to refuse torrents that are not listed. */
  readonly onlyListed: boolean;
  /** Format of the lines. */
  readonly format: "text" | "json";
  /** What is printed after the URLs: nothing, or the changes in the swarms. */
  readonly detail: "urls" | "changes";
  /** Whether to print each announce as well. */
  readonly logsAnnounces: boolean;
  /** Whether peers' addresses are taken from the headers of a proxy. */
  readonly trustsProxy: boolean;
  /** Whether to print the stack of an error. */
  readonly isDebug: boolean;
}

const MAX_PORT = 65535;
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
  --store STORE           where peers are kept (default: memory):
                          memory             they are lost at a restart
                          sqlite:FILE        torrents and counts survive it
                          redis://HOST:PORT  several trackers share them
  --torrents FOLDER       list the .torrent files of this folder, and serve them
                          as /torrents/NAME.torrent; files may come and go
  --only-listed           refuse all torrents that are not in that folder
  --trust-proxy           take a peer's address from the headers of a proxy
                          (Forwarded, X-Forwarded-For, X-Real-IP) or from ip=;
                          safe only if all requests come through the proxy
  --log                   print a line for each announce
  --quiet                 print the URLs only; with --log, the announces as well
  --json                  print one JSON object per line
  --debug                 print the stack trace of an error
  --version               print the version
  --help                  print this help

Several trackers can run side by side, each on a port of its own. After a restart
of the tracker, peers return with their next announce.
`;

const FLAGS = {
  host: { type: "text" },
  udp: { type: "boolean" },
  allow: { type: "list" },
  deny: { type: "list" },
  interval: { type: "number", min: 1, max: MAX_SECONDS },
  "peer-timeout": {
    type: "number",
    default: PEER_TIMEOUT / 1000,
    min: 1,
    max: MAX_SECONDS,
  },
  store: { type: "text", default: "memory" },
  torrents: { type: "text" },
  "only-listed": { type: "boolean" },
  "trust-proxy": { type: "boolean" },
  log: { type: "boolean" },
  quiet: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** Reads the command line of `tracker`. @throws {UsageError} */
export function parseTrackerJob(args: readonly string[]): TrackerJob {
  const { flags, positionals, isDebug } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
  });
  if (flags["only-listed"] && flags.torrents === undefined) {
    throw new UsageError("--only-listed needs --torrents FOLDER");
  }
  return {
    port: readPort(positionals),
    host: flags.host,
    udp: flags.udp,
    networks: readNetworks(flags),
    intervalSeconds: flags.interval,
    peerTimeoutSeconds: flags["peer-timeout"],
    store: readStore(flags.store),
    torrentsDir: flags.torrents,
    onlyListed: flags["only-listed"],
    format: flags.json ? "json" : "text",
    detail: flags.quiet ? "urls" : "changes",
    logsAnnounces: flags.log,
    trustsProxy: flags["trust-proxy"],
    isDebug,
  };
}

function readStore(text: string): string {
  try {
    parseStoreAddress(text);
    return text;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Without the text itself, which may contain a password.
    const reason = error.message.replace(/^Cannot read store: /, "");
    throw new UsageError(`--store is not a store: ${reason}`);
  }
}

function readPort(positionals: readonly string[]): number {
  const [text, ...rest] = positionals;
  if (rest.length > 0) {
    throw new UsageError(
      `tracker takes one PORT, but ${positionals.length} are given`,
    );
  }
  if (text === undefined) return DEFAULT_TRACKER_PORT;
  if (!/^\d{1,5}$/.test(text) || Number(text) > MAX_PORT) {
    throw new UsageError(
      `PORT is ${JSON.stringify(text)}, not a number from 0 to ${MAX_PORT}`,
    );
  }
  return Number(text);
}
