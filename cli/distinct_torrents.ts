/**
 * Torrents that one `peer` cannot share together: those that are stored in one
 * place, or are the same. Pure.
 *
 * @module
 */
import { foldName, type Platform, type Torrent } from "../mod.ts";
import { UsageError } from "./program_error.ts";

/**
 * Checks the torrents at `paths`, in the same order.
 * @throws {UsageError} If two of them are the same, or write the same files on
 * `platform`.
 */
export function checkDistinct(
  torrents: readonly Torrent[],
  paths: readonly string[],
  platform: Platform,
): void {
  const seen = new Map<string, { torrent: Torrent; path: string }>();
  for (const [index, torrent] of torrents.entries()) {
    const path = paths[index]!;
    const place = foldName(torrent.name, platform);
    const other = seen.get(place);
    if (other === undefined) {
      seen.set(place, { torrent, path });
    } else if (other.torrent.infoHash === torrent.infoHash) {
      throw new UsageError(
        other.path === path
          ? `${path} is given twice`
          : `${other.path} and ${path} are the same torrent; give it once`,
      );
    } else {
      throw new UsageError(
        `two torrents are stored as ${
          JSON.stringify(torrent.name)
        }; give each a peer and a --dir of its own`,
      );
    }
  }
}
