/**
 * The program `show`: prints what a torrent file contains, for people or as JSON.
 */
import {
  magnetLinkOf,
  sizeOfFiles,
  type Torrent,
  type TorrentFile,
} from "../lib/torrents.ts";
import { invocationOf } from "./command_words.ts";
import { flag, parseCommandLine } from "./flags.ts";
import {
  isTorrentUrl,
  loadTorrent,
  readTorrentSource,
} from "./load_torrent.ts";
import { printable, printableJson } from "./printable.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import { formatSize } from "./quantity.ts";

export interface ShowJob {
  /** The path or the URL of a torrent file. */
  readonly source: string;
  readonly json: boolean;
}

export const show: Program = programOf(parseShowJob, runShow);

const HELP = `
Prints what a torrent file contains.

Usage: ${invocationOf("show")} TORRENT

  TORRENT    a torrent file, or its URL: http://HOST:8000/torrents/NAME.torrent

Options:
`;

const FLAGS = {
  json: flag(
    "--json  print one JSON object: {name, infoHash, magnet, length, pieceLength, pieceCount, private, announce: [[url]],\nfiles: [{path: [..], length}]}; no magnet if it is private; executable: true at programs, link: [..] at links; similar and collections if it names some",
  ),
} as const;

export function parseShowJob(args: readonly string[]): ShowJob {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
    takes: { name: "TORRENT", min: 1, max: 1 },
  });
  return { source: readTorrentSource(positionals[0]!), ...flags };
}

export async function runShow(
  { source, json }: ShowJob,
  { console, permissions, signal }: JobContext,
): Promise<void> {
  await permissions.keepOnly(isTorrentUrl(source) ? "net" : "read");
  const torrent = await loadTorrent(source, { signal });
  const lines = json
    ? [printableJson(toJson(torrent))]
    : describeTorrent(torrent).map(printable);
  console.writeResult(lines.join("\n"));
}

/** A torrent as `show --json` prints it. Lengths in bytes. */
export function toJson(torrent: Torrent): Readonly<Record<string, unknown>> {
  const { length, pieceLength, pieceCount } = torrent.geometry;
  return {
    name: torrent.name,
    infoHash: torrent.infoHash,
    magnet: magnetLinkOf(torrent),
    length,
    pieceLength,
    pieceCount,
    private: torrent.isPrivate,
    announce: torrent.announce,
    ...torrent.similar.length > 0 && { similar: torrent.similar },
    ...torrent.collections.length > 0 && { collections: torrent.collections },
    // Paths as in the torrent file: below the folder, or the name of the file.
    files: torrent.files.map((file) => ({
      path: pathInTorrent(torrent, file),
      length: file.length,
      ...file.isPadding && { padding: true },
      ...file.isExecutable && { executable: true },
      ...file.linkTarget && { link: file.linkTarget.slice(1) },
    })),
  };
}

/** The lines that `show` prints; not yet safe for a terminal. */
export function describeTorrent(torrent: Torrent): string[] {
  const { length, pieceLength, pieceCount } = torrent.geometry;
  const { announce, comment, createdBy, creationDate } = torrent;
  const files = torrent.files.filter(({ isPadding }) => !isPadding);
  const { fileLength } = sizeOfFiles(files);
  const isPadded = length !== fileLength;
  const trackers = announce.length === 0 ? [["none"]] : announce;
  const date = creationDate === undefined ? [] : [describeDate(creationDate)];
  const lines = [
    `Name:         ${torrent.name}`,
    `Size:         ${formatSize(fileLength)} (${fileLength} bytes)`,
    ...listOf("Padding:", isPadded ? [formatSize(length - fileLength)] : []),
    `Piece length: ${formatSize(pieceLength)} (${pieceLength} bytes)`,
    `Pieces:       ${pieceCount}`,
    `Info hash:    ${torrent.infoHash}`,
    ...listOf("Magnet link:", [magnetLinkOf(torrent)]),
    `Private:      ${torrent.isPrivate ? "yes" : "no"}`,
    ...listOf("Trackers:", trackers.map((tier) => tier.join(", "))),
    ...listOf("Similar:", torrent.similar),
    ...listOf("Collections:", torrent.collections),
    ...listOf("Comment:", [comment]),
    ...listOf("Created by:", [createdBy]),
    ...listOf("Created on:", date),
    `Files:        ${files.length}`,
  ];
  // One by one: a million arguments of one push() would overflow the stack.
  for (const file of files) {
    const path = pathInTorrent(torrent, file).join("/");
    const { linkTarget } = file;
    const notes = linkTarget !== undefined
      ? [`link to ${linkTarget.slice(1).join("/")}`]
      : [
        formatSize(file.length),
        ...file.isExecutable ? ["program"] : [],
      ];
    lines.push(`  ${path} (${notes.join(", ")})`);
  }
  return lines;
}

/** A line for each item that is known, the first with the label. */
function listOf(
  label: string,
  items: readonly (string | undefined)[],
): string[] {
  return items.filter((item) => item !== undefined)
    .map((item, index) => (index > 0 ? "" : label).padEnd(14) + item);
}

function describeDate(seconds: number): string {
  const date = new Date(seconds * 1000);
  // A torrent file may contain a time that Date cannot represent.
  return Number.isNaN(date.getTime())
    ? `${seconds} seconds after 1970`
    : date.toISOString();
}

function pathInTorrent(torrent: Torrent, file: TorrentFile): readonly string[] {
  return torrent.isFolder ? file.path.slice(1) : file.path;
}
