/**
 * What `create` is asked to do, from its command line. Pure.
 *
 * @module
 */
import { checkPieceLength, PIECE_LENGTH } from "../mod.ts";
import { parseCommandLine } from "./flags.ts";
import { UsageError } from "./program_error.ts";

/** What `create` is asked to do. */
export interface CreateArguments {
  /** The file or folder to share. */
  readonly path: string;
  /** Tracker URLs, best first; one at least. */
  readonly announce: readonly string[];
  /** Where the torrent file goes; `undefined`: `NAME.torrent` in the current folder. */
  readonly output: string | undefined;
  /** In bytes. */
  readonly pieceLength: number;
  readonly isPrivate: boolean;
  readonly comment: string | undefined;
  /** `undefined`: the last component of the path. */
  readonly name: string | undefined;
  /** Whether an output that exists is replaced. */
  readonly force: boolean;
}

const TRACKER_PROTOCOLS = ["http:", "https:", "udp:"];

const HELP = `
Makes a torrent file of a file or a folder.

Usage: create PATH ANNOUNCE_URL... [OUTPUT]

  PATH          the file or folder to share
  ANNOUNCE_URL  where peers find each other: the announce URL that the tracker
                prints; several are tried in the order given
  OUTPUT        the torrent file to write (default: NAME.torrent)

Options:
  --piece-length SIZE  bytes, or as 256KiB or 1MiB; a power of two from 16KiB
                       to 256MiB (default: 256KiB)
  --private            peers come from these trackers only
  --comment TEXT       a remark for whoever looks at the torrent
  --name NAME          what the download is called (default: as PATH)
  --force              replace OUTPUT if it exists
  --help, --version, --debug

Links are followed: what they lead to is shared as a file or folder of its own.
Everything in a folder is shared, hidden files included, but not OUTPUT itself.

Example: create document.pdf http://192.168.1.100:8000/announce document.torrent
`;

const FLAGS = {
  "piece-length": { type: "size", default: PIECE_LENGTH },
  private: { type: "boolean" },
  comment: { type: "text" },
  name: { type: "text" },
  force: { type: "boolean" },
} as const;

/** Reads the command line of `create`. @throws {UsageError} */
export function parseCreateArguments(args: readonly string[]): CreateArguments {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
  });
  const [path, ...rest] = positionals;
  if (path === undefined) {
    throw new UsageError("no file or folder to share is given");
  }
  // The last is the output unless it is one more tracker. A mistyped URL
  // (htp://…, 192.168.1.100:8000) must not become a file's name.
  const last = rest.at(-1);
  const isUrl = last === undefined || last.includes("://") ||
    isTrackerUrl(last) || isUrlWithoutProtocol(last);
  const output = isUrl ? undefined : rest.pop();
  if (rest.length === 0) {
    throw new UsageError("no announce URL is given");
  }
  for (const url of rest) {
    if (isTrackerUrl(url)) {
      checkUdpPort(url);
      continue;
    }
    const advice = isUrlWithoutProtocol(url) ? `; write http://${url}` : "";
    throw new UsageError(
      `${JSON.stringify(url)} is not an http, https or udp URL${advice}`,
    );
  }
  return {
    path,
    announce: rest,
    output,
    pieceLength: requirePieceLength(flags["piece-length"]),
    isPrivate: flags.private,
    comment: flags.comment,
    name: flags.name,
    force: flags.force,
  };
}

/**
 * What is to be said of announce URLs that a torrent may name although they are
 * unlike a tracker's; a line each.
 */
export function findAnnounceFaults(announce: readonly string[]): string[] {
  return announce.flatMap((url) => {
    const { protocol, pathname } = new URL(url);
    // What is asked over UDP has no path.
    return protocol === "udp:" || /\/announce[^/]*$/.test(pathname) ? [] : [
      `${url} does not end in /announce, as the URLs of most trackers do; compare it with what the tracker prints`,
    ];
  });
}

function requirePieceLength(pieceLength: number): number {
  try {
    checkPieceLength(pieceLength);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(
      `--piece-length is ${pieceLength} bytes, not a power of two from 16KiB to 256MiB`,
    );
  }
  return pieceLength;
}

function isTrackerUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && TRACKER_PROTOCOLS.includes(url.protocol) &&
    url.hostname !== "";
}

/** UDP has no port of its own, as HTTP has. */
function checkUdpPort(text: string): void {
  const { protocol, hostname, port } = new URL(text);
  if (protocol !== "udp:" || Number(port) !== 0) return;
  throw new UsageError(
    `${JSON.stringify(text)} names no port; write udp://${hostname}:PORT`,
  );
}

/** `192.168.1.100:8000`, `tracker/announce`; neither a drive letter nor a file in a folder. */
function isUrlWithoutProtocol(text: string): boolean {
  return /^(?![a-z]:[/\\])[^\s/\\]+(:[0-9]+(\/.*)?|\/announce)$/i.test(text) &&
    URL.canParse(`http://${text}`);
}
