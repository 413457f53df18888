/**
 * The command line of `create`, parsed to a job.
 */
import { checkPieceLength, type CreateTorrentOptions } from "../lib/sources.ts";
import {
  infoHashFromHex,
  loadTorrentFile,
  readName,
  readPathGlob,
  readWord,
  requestedUrl,
  trimText,
} from "../lib/torrents.ts";
import { invocationOf } from "./command_words.ts";
import {
  flag,
  type FlagValues,
  parseCommandLine,
  readArgument,
} from "./flags.ts";
import { UsageError } from "./program_error.ts";
import { readSize } from "./quantity.ts";

const HELP = `
Makes a torrent file of a file or a folder.

Usage: ${invocationOf("create")} PATH ANNOUNCE_URL... [OUTPUT]

  PATH                 the file or folder to share
  ANNOUNCE_URL         the announce URL that the tracker prints when it starts;
                       peers try several of them in this order
  OUTPUT               the torrent file to write (default: NAME.torrent, with a
                       NAME that is too long for it cut)

Options:

Everything in a folder is shared, hidden files included, but not OUTPUT, and not
what systems leave there (see --exclude).
PATH may be a symbolic link. Relative links to what is shared too stay links,
others are followed if they stay in the folder. Programs stay executable. Empty
folders are not part of a torrent.

Example:
  ${invocationOf("create")} document.pdf http://192.168.1.100:8000/announce
`;

const GLOB = { isFree: true, read: readPathGlob } as const;
const NAME = { isFree: true, read: readName } as const;

export const FLAGS = {
  pieceLength: flag(
    "--piece-length SIZE  in bytes, or as 256KiB or 1MiB; a power of two from 16KiB to 256MiB (default: 256KiB below 256 MiB of content, then 1MiB, and above 64 GiB so that 65,536 pieces remain)",
    { read: readPieceLength },
  ),
  isPrivate: flag(
    "--private  peers find each other through these trackers only",
  ),
  comment: flag("--comment TEXT  a comment, which show prints"),
  name: flag(
    "--name NAME  name of the download (default: the last part of PATH)",
    NAME,
  ),
  includeGlobs: flag(
    "--include GLOB...  share only these of the files in a folder: a name such as '*.iso', or a path such as 'docs/**' below PATH; may be given several times",
    GLOB,
  ),
  excludeGlobs: flag(
    "--exclude GLOB...  leave out these files and folders; may be given several times. .DS_Store, Thumbs.db and lost+found are left out unless --include names them",
    GLOB,
  ),
  similar: flag(
    "--similar TORRENT...  name a torrent that has some of the same files, such as the version before, by its torrent file or info hash; may be given several times",
  ),
  collections: flag(
    "--collection NAME...  name a group of torrents that share files; may be given several times",
    NAME,
  ),
  align: flag(
    "--align  have every file of a folder begin at a piece, so that a file that stays the same is not fetched again with the next version (default: where the padding stays below 1 % of the content)",
  ),
  noAlign: flag("--no-align  pad no files"),
  force: flag("--force  replace OUTPUT if it exists"),
} as const;

export interface CreateJob extends FlagValues<typeof FLAGS> {
  readonly path: string;
  /** Tracker URLs, best first; at least one. */
  readonly announce: readonly string[];
  /** Path of the torrent file; `undefined` for `NAME.torrent` in the current folder. */
  readonly output: string | undefined;
}

/** The choice of `--align` and `--no-align`; `undefined` for that of `createTorrent`. @throws {UsageError} */
export function readAlignment(
  { align, noAlign }: Pick<CreateJob, "align" | "noAlign">,
): boolean | undefined {
  if (!align) return noAlign ? false : undefined;
  if (!noAlign) return true;
  throw new UsageError("--align and --no-align are both given; choose one");
}

/** The values of `--similar` and `--collection`, for `createTorrent`. */
export type Hints = Required<
  Pick<CreateTorrentOptions, "similar" | "collections">
>;

/**
 * Reads the torrent files that `--similar` names.
 * @param warn Takes a warning if another client may take the hints wrongly.
 * @throws {StorageError | MetainfoError} If one of them cannot be read.
 */
export async function readHints(
  { similar, collections }: Pick<CreateJob, "similar" | "collections">,
  warn: (text: string) => void,
): Promise<Hints> {
  if (similar.length + collections.length > 0) {
    warn(
      "--similar and --collection: libtorrent 2.0.8, as in qBittorrent 4.5, damages its copy of the older torrent unless this one has the same files in the same order (see docs/protocol.md)",
    );
  }
  const hashes = similar.map(async (text) =>
    /^[0-9a-f]{40}$/i.test(text)
      ? infoHashFromHex(text)
      : (await loadTorrentFile(text)).infoHash
  );
  return { similar: await Promise.all(hashes), collections };
}

export function parseCreateJob(args: readonly string[]): CreateJob {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
    takes: { name: "PATH", min: 1 },
  });
  readAlignment(flags);
  const [path, ...rest] = positionals;
  // The last argument is the output unless it is one more tracker. A mistyped URL
  // (htp://…, 192.168.1.100:8000) must not become a file's name.
  const last = rest.length === 0 ? undefined : trimText(rest.at(-1)!);
  const isUrl = last === undefined || last.includes("://") ||
    isTrackerUrl(last) || isUrlWithoutProtocol(last);
  const output = isUrl ? undefined : rest.pop();
  if (rest.length === 0) {
    throw new UsageError(
      "no ANNOUNCE_URL is given: the tracker prints it when it starts",
    );
  }
  return { ...flags, path: path!, announce: rest.map(readTrackerUrl), output };
}

/** One warning for each announce URL that is valid but unlike a tracker's. */
export function findAnnounceFaults(announce: readonly string[]): string[] {
  return announce.flatMap((url) => {
    const { protocol, pathname } = new URL(url);
    // An announce over UDP contains no path.
    return protocol === "udp:" || /\/announce[^/]*$/.test(pathname) ? [] : [
      `${url} does not end in /announce, as the URLs of most trackers do; compare it with the URL that the tracker prints`,
    ];
  });
}

function readPieceLength(text: string): number {
  const pieceLength = readSize(text);
  try {
    checkPieceLength(pieceLength);
  } catch {
    throw new RangeError(
      `${pieceLength} bytes is not a power of two from 16KiB to 256MiB`,
    );
  }
  return pieceLength;
}

/** The URL in the form in which peers request it. */
function readTrackerUrl(argument: string): string {
  const text = readArgument("ANNOUNCE_URL", argument, readWord);
  const quoted = JSON.stringify(text);
  if (!isTrackerUrl(text)) {
    const remedy = isUrlWithoutProtocol(text) ? `; write http://${text}` : "";
    throw new UsageError(`${quoted} is not an http, https or udp URL${remedy}`);
  }
  const { protocol, hostname, port } = new URL(text);
  // Unlike HTTP, UDP trackers have no default port.
  if (protocol === "udp:" && Number(port) === 0) {
    const remedy = `write udp://${hostname}:PORT`;
    throw new UsageError(`${quoted} names no port; ${remedy}`);
  }
  return requestedUrl(text);
}

function isTrackerUrl(text: string): boolean {
  const { protocol = "", hostname = "" } = URL.parse(text) ?? {};
  return ["http:", "https:", "udp:"].includes(protocol) && hostname !== "";
}

/** `192.168.1.100:8000` or `tracker/announce`, but not a drive letter or a file in a folder. */
function isUrlWithoutProtocol(text: string): boolean {
  return /^(?![a-z]:[/\\])[^\s/\\]+(:[0-9]+(\/.*)?|\/announce)$/i.test(text) &&
    URL.canParse(`http://${text}`);
}
