/**
 * The command line of `tracker` as a value. Pure.
 *
 * @module
 */
import {
  ANNOUNCE_INTERVAL,
  DEFAULT_TRACKER_PORT,
  parseStoreAddress,
  PEER_TIMEOUT,
} from "../mod.ts";
import { parseCommandLine } from "./flags.ts";
import { type NetworkFlags, readNetworks } from "./network_flags.ts";
import { UsageError } from "./program_error.ts";

/** What `tracker` was asked to do. */
export interface TrackerArguments {
  /** 0 for any free one. */
  readonly port: number;
  /** `undefined`: every address, IPv4 and IPv6. */
  readonly host: string | undefined;
  /** Whether it answers over UDP as well. */
  readonly udp: boolean;
  /** Which hosts are answered. */
  readonly networks: NetworkFlags;
  /** Time between two announces of a peer, in seconds; `undefined` if not given. */
  readonly intervalSeconds: number | undefined;
  /** Silence after which a peer is forgotten, in seconds. */
  readonly peerTimeoutSeconds: number;
  /** Where peers are kept; checked for its form. */
  readonly store: string;
  /** The folder whose torrent files are listed and served. */
  readonly torrentsDir: string | undefined;
  /** Whether torrents that are not listed are refused. */
  readonly onlyListed: boolean;
  /** How the lines are written. */
  readonly format: "text" | "json";
  /** What is told after the URLs: nothing, or what changes in the swarms. */
  readonly detail: "urls" | "changes";
  /** Whether each announce is told of as well. */
  readonly logsAnnounces: boolean;
  /** Whether askers are where the headers of a proxy say they are. */
  readonly trustsProxy: boolean;
  /** Whether errors are shown with their stack. */
  readonly isDebug: boolean;
}

const MAX_PORT = 65535;
/** A day, in seconds. */
const MAX_SECONDS = 86_400;

const HELP = `
Runs a BitTorrent tracker: it tells the peers of a torrent of one another.

Usage: tracker [PORT]

  PORT                    port to listen on (${DEFAULT_TRACKER_PORT}; 0 for any free one)
  --host ADDRESS          address to listen on (all, IPv4 and IPv6)
  --udp                   answer over UDP as well, by the same port
  --allow NETWORK         answer hosts of this network only, as 192.168.0.0/16;
                          may be given several times
  --deny NETWORK          never answer hosts of this network; the same
  --interval SECONDS      time between two announces of a peer (10 to ${
  ANNOUNCE_INTERVAL / 1000
}: short
                          while a swarm is young or incomplete)
  --peer-timeout SECONDS  silence after which a peer is forgotten (${
  PEER_TIMEOUT / 1000
})
  --store STORE           where peers are kept: memory (the default);
                          sqlite:FILE, where torrents and their counts
                          survive a restart; redis://HOST:PORT, which
                          several trackers share
  --torrents FOLDER       list the .torrent files in it, and serve them at
                          /torrents/NAME.torrent; files may come and go
  --only-listed           refuse all other torrents
  --trust-proxy           take peers' addresses from the headers of a proxy
                          (Forwarded, X-Forwarded-For, X-Real-IP) or from
                          ip=; only where all requests come through it
  --log                   print one line for each announce
  --quiet                 print the URLs only; with --log, those lines too
  --json                  print one JSON object a line
  --debug                 print stack traces of errors
  --version               print the version
  --help                  print this

Several trackers run side by side on different ports. After a restart the peers
come back with their next announce.
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

/**
 * Reads the arguments of `tracker`.
 * @throws {UsageError} If they make no sense.
 */
export function parseTrackerArguments(
  args: readonly string[],
): TrackerArguments {
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
    // Without the text itself, as it may hold a password.
    const reason = error.message.replace(/^Cannot read store: /, "");
    throw new UsageError(`--store cannot be read: ${reason}`);
  }
}

function readPort(positionals: readonly string[]): number {
  const [text, ...rest] = positionals;
  if (rest.length > 0) {
    throw new UsageError(`one PORT is expected, got ${positionals.length}`);
  }
  if (text === undefined) return DEFAULT_TRACKER_PORT;
  if (!/^\d{1,5}$/.test(text) || Number(text) > MAX_PORT) {
    throw new UsageError(
      `PORT is ${JSON.stringify(text)}, not a number from 0 to ${MAX_PORT}`,
    );
  }
  return Number(text);
}
