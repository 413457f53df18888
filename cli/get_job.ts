/**
 * The command line of `get`, parsed to a job.
 *
 * @module
 */
import { isMagnetLink, readUrl, withoutBrackets } from "../mod.ts";
import { invocationOf } from "./command_words.ts";
import { type FlagValues, parseCommandLine, readArgument } from "./flags.ts";
import { isTorrentUrl, readTorrentSource } from "./load_torrent.ts";
import { checkOutput, FLAGS as PEER_FLAGS, type PeerJob } from "./peer_job.ts";
import { UsageError } from "./program_error.ts";

const HELP = `
Fetches what another machine of the network shares, and helps the others to it.

Usage: ${invocationOf("get")} [WHAT]

  WHAT    the name of a share, the machine that shares as NAME, ADDRESS, HOST:PORT
          or the URL of its page, a torrent file or its URL, a magnet link or an
          info hash (default: the only share on the network)

Options:

Every piece is verified before it is stored. Ctrl+C ends get; to continue, run it
again. Without --exit-when-complete it goes on sending to the other machines.
`;

const { seedOnly: _, retryForMs, ...SHARED_FLAGS } = PEER_FLAGS;

/** The flags of `get`. */
export const FLAGS = {
  ...SHARED_FLAGS,
  ignoreSpace: {
    usage: "--ignore-space",
    help: "start even if the disk has not enough room for everything",
  },
  noDiscovery: {
    usage: "--no-discovery",
    help:
      "send no multicast: look for nothing on the network, and offer nothing",
  },
  givenRetryForMs: {
    usage: retryForMs.usage,
    help:
      "how long to wait for a share or its machine that is not up yet: 90s, 10m, 2h or forever (default: 60s; without WHAT, 3s)",
    read: retryForMs.read,
  },
} as const;

/** The thing to fetch. */
export type What =
  /** The only share on the network. */
  | { readonly type: "any" }
  /** A share or, if there is none of that name, a machine. */
  | { readonly type: "name"; readonly name: string }
  | {
    readonly type: "machine";
    /** A host name or an address, IPv6 without brackets. */
    readonly hostname: string;
    readonly port: number | undefined;
  }
  /** A torrent file, its URL or a magnet link. */
  | { readonly type: "torrent"; readonly source: string };

/** One run of `get`; the help describes the fields. */
export interface GetJob extends FlagValues<typeof FLAGS>, PeerJob {
  readonly what: What;
}

/** Reads the command line of `get`. @throws {UsageError} */
export function parseGetJob(args: readonly string[]): GetJob {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
    takes: { name: "WHAT", max: 1 },
  });
  checkOutput(flags);
  const what = readWhat(positionals[0]);
  if (what.type === "any" && flags.noDiscovery) {
    throw new UsageError(
      "--no-discovery: the network is not searched, so give WHAT",
    );
  }
  const { givenRetryForMs = what.type === "any" ? 3_000 : 60_000 } = flags;
  const retryForMs = givenRetryForMs;
  return { ...flags, what, retryForMs, seedOnly: false, torrents: [] };
}

/** Reads one of the forms of WHAT. */
function readWhat(text: string | undefined): What {
  if (text === undefined) return { type: "any" };
  const isHash = /^([\da-f]{40}|[a-z2-7]{32})$/i.test(text);
  if (isHash) return { type: "torrent", source: `magnet:?xt=urn:btih:${text}` };
  if (isMagnetLink(text)) {
    return { type: "torrent", source: readTorrentSource(text) };
  }
  if (isTorrentUrl(text)) {
    const url = new URL(readArgument("WHAT", text, readUrl));
    if (url.pathname.endsWith(".torrent")) {
      return { type: "torrent", source: url.href };
    }
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    return { type: "machine", hostname: withoutBrackets(url.hostname), port };
  }
  if (/\.torrent$/i.test(text)) return { type: "torrent", source: text };
  const [, host, port] = /^([\w.-]+|\[[\da-f:.]+\]):(\d{1,5})$/i.exec(text) ??
    [];
  if (host !== undefined && Number(port) <= 65_535) {
    const hostname = withoutBrackets(host);
    return { type: "machine", hostname, port: Number(port) };
  }
  const isMachine =
    /^\d+\.\d+\.\d+\.\d+$|^\[?[\da-f]*:[\da-f:.]*\]?$|\.local\.?$/i
      .test(text);
  return isMachine
    ? { type: "machine", hostname: withoutBrackets(text), port: undefined }
    : { type: "name", name: text };
}
