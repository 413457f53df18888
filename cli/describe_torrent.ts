/**
 * A torrent as text for people and as a value for programs. Pure; the lines are
 * not yet fit for a terminal: `printable()` makes them so.
 *
 * @module
 */
import type { Torrent, TorrentFile } from "../mod.ts";
import { formatSize } from "./quantity.ts";

/** What `show --json` prints. Lengths in bytes. */
export interface TorrentJson {
  readonly name: string;
  readonly infoHash: string;
  readonly length: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly private: boolean;
  readonly announce: readonly (readonly string[])[];
  readonly files: readonly {
    /** As in the torrent file: below the folder, or the name of a single file. */
    readonly path: readonly string[];
    readonly length: number;
  }[];
}

/** The value that `show --json` prints. */
export function toJson(torrent: Torrent): TorrentJson {
  const { length, pieceLength, pieceCount } = torrent.geometry;
  return {
    name: torrent.name,
    infoHash: torrent.infoHash,
    length,
    pieceLength,
    pieceCount,
    private: torrent.isPrivate,
    announce: torrent.announce,
    files: torrent.files.map((file) => ({
      path: pathInTorrent(torrent, file),
      length: file.length,
    })),
  };
}

/** The lines that `show` prints. */
export function describeTorrent(torrent: Torrent): string[] {
  const { length, pieceLength, pieceCount } = torrent.geometry;
  const { comment, createdBy, creationDate, files } = torrent;
  const lines = [
    `Name:         ${torrent.name}`,
    `Size:         ${formatSize(length)} (${length} bytes)`,
    `Piece length: ${formatSize(pieceLength)} (${pieceLength} bytes)`,
    `Pieces:       ${pieceCount}`,
    `Info hash:    ${torrent.infoHash}`,
    `Private:      ${torrent.isPrivate ? "yes" : "no"}`,
    ...describeTrackers(torrent.announce),
  ];
  if (comment !== undefined) lines.push(`Comment:      ${comment}`);
  if (createdBy !== undefined) lines.push(`Created by:   ${createdBy}`);
  if (creationDate !== undefined) {
    lines.push(`Created on:   ${describeDate(creationDate)}`);
  }
  lines.push(`Files:        ${files.length}`);
  // One by one: as arguments of one call they would overflow the stack.
  for (const file of files) lines.push(describeFile(torrent, file));
  return lines;
}

function describeTrackers(
  announce: readonly (readonly string[])[],
): string[] {
  if (announce.length === 0) return ["Trackers:     none"];
  return announce.map((tier, index) =>
    `${index === 0 ? "Trackers:" : ""}`.padEnd(14) + tier.join(", ")
  );
}

function describeFile(torrent: Torrent, file: TorrentFile): string {
  const path = pathInTorrent(torrent, file).join("/");
  const padding = file.isPadding ? ", padding" : "";
  return `  ${path} (${formatSize(file.length)}${padding})`;
}

function describeDate(seconds: number): string {
  const date = new Date(seconds * 1000);
  // A torrent may claim a time that no calendar holds.
  return Number.isNaN(date.getTime())
    ? `${seconds} seconds after 1970`
    : date.toISOString();
}

function pathInTorrent(torrent: Torrent, file: TorrentFile): readonly string[] {
  return torrent.isFolder ? file.path.slice(1) : file.path;
}
