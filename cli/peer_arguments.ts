/**
 * The command line of `peer` as a value.
 *
 * @module
 */
import { MAX_PEERS, PEER_PORT, platformOf } from "../mod.ts";
import { parseCommandLine } from "./flags.ts";
import { type NetworkFlags, readNetworks } from "./network_flags.ts";
import { UsageError } from "./program_error.ts";
import { splitWords } from "./split_words.ts";

/** How `peer` tells what goes on. */
export type OutputMode = "text" | "json" | "quiet";

/** What `peer` was asked to do. */
export interface PeerArguments {
  /** Paths or URLs of torrent files, at least one. */
  readonly torrents: readonly string[];
  readonly dir: string;
  readonly port: number;
  readonly host: string | undefined;
  readonly maxPeers: number;
  /** Which hosts are talked to. */
  readonly networks: NetworkFlags;
  /** In bytes a second, 0 for no limit. */
  readonly maxUpload: number;
  /** In bytes a second, 0 for no limit. */
  readonly maxDownload: number;
  readonly exitWhenComplete: boolean;
  /** Whether everything on the disk is hashed, whatever was noted down of it. */
  readonly mustVerify: boolean;
  /** Program and arguments. */
  readonly onComplete: readonly string[] | undefined;
  readonly output: OutputMode;
  /** Whether errors are shown with their stack. */
  readonly isDebug: boolean;
}

const HELP = `
Fetches what torrent files describe, verifies every piece and shares it.

Usage: peer TORRENT [TORRENT...]
       peer create PATH ANNOUNCE_URL... [OUTPUT]   see peer create --help
       peer show TORRENT                           see peer show --help

  TORRENT                a torrent file, or its URL, as of one that the tracker
                         offers: http://HOST:8000/torrents/NAME.torrent
  --dir FOLDER           where the content is or goes (.)
  --port PORT            port to listen on, or the next free one (${PEER_PORT})
  --host ADDRESS         address to listen on (all, IPv4 and IPv6)
  --max-peers COUNT      connections for each torrent (${MAX_PEERS})
  --allow NETWORK        talk to hosts of this network only, as 192.168.0.0/16;
                         may be given several times
  --deny NETWORK         never talk to hosts of this network; the same
  --max-upload SIZE      a second: bytes, or as 500KiB or 1MiB; 0 for no limit (0)
  --max-download SIZE    the same for what is fetched (0)
  --exit-when-complete   end when every torrent is complete instead of seeding
  --verify               hash everything on the disk, whatever was verified before
  --on-complete COMMAND  run a command when a torrent becomes complete, without
                         a shell; it finds LANSWARM_NAME, LANSWARM_PATH and
                         LANSWARM_INFO_HASH in its environment, and with
                         --json its own output is dropped
  --quiet                print errors only
  --json                 print one JSON object a line
  --debug                print stack traces of errors
  --version, --help

What is on the disk already is verified first: a complete file is seeded, a
partial one continued, an absent one fetched. What was verified before and has
not changed since is not hashed again. Ctrl+C ends it; run it again to continue.
`;

/**
 * Reads the arguments of `peer`.
 * @throws {UsageError} If they make no sense.
 */
export function parsePeerArguments(args: readonly string[]): PeerArguments {
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
    throw new UsageError("--quiet and --json exclude each other");
  }
  return {
    torrents: positionals,
    dir: flags.dir,
    port: flags.port,
    host: flags.host,
    maxPeers: flags["max-peers"],
    networks: readNetworks(flags),
    maxUpload: flags["max-upload"],
    maxDownload: flags["max-download"],
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
    throw new UsageError("--on-complete names no command");
  }
  return words;
}
