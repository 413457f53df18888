/**
 * The folder that `tracker --torrents` serves: opened, and what happens in it
 * told, a line each: changes on stdout, what is wrong on stderr.
 *
 * @module
 */
import {
  openTorrentFolder,
  type TorrentFolder,
  type TorrentFolderChange,
} from "../mod.ts";
import { writeErrorLine, writeLine } from "./console.ts";
import { describeError } from "./error_report.ts";
import { printable, printableJson } from "./printable.ts";
import type { TrackerArguments } from "./tracker_arguments.ts";
import { formatListing, listingToJson } from "./tracker_output.ts";

/**
 * Opens the folder that `request` names.
 * @throws {StorageError} If it cannot be read.
 */
export async function openServedFolder(
  dir: string,
  request: TrackerArguments,
): Promise<TorrentFolder> {
  return await openTorrentFolder(dir, {
    onChange: (change) => tell(change, request),
  });
}

function tell(
  change: TorrentFolderChange,
  { detail, format }: TrackerArguments,
): void {
  switch (change.type) {
    case "listed":
    case "unlisted": {
      if (detail === "urls") return;
      const { type, torrent } = change;
      return writeLine(
        format === "json"
          ? printableJson(listingToJson(type, torrent, new Date()))
          : printable(formatListing(type, torrent, new Date())),
      );
    }
    case "skipped":
      return warn("not listed", change.error);
    case "unreadable":
      return warn("what was listed stays so", change.error);
    default:
      return change satisfies never;
  }
}

function warn(outcome: string, error: Error): void {
  writeErrorLine(`warning: ${outcome}: ${describeError(error)}`);
}
