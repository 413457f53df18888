/**
 * The seam between a tracker and the torrent files that it offers: which there
 * are, and their bytes. Any catalogue keeps this promise: what it lists was a
 * valid torrent file when it was looked at, and no two have one file name.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";

/** A torrent file that is offered, and what it is of. */
export interface ListedTorrent {
  /** Which torrent it is. */
  readonly infoHash: InfoHash;
  /** What the download is called. Whoever made the torrent chose it. */
  readonly name: string;
  /** Of the whole content, in bytes. */
  readonly length: number;
  /** Files in the content, without padding. */
  readonly fileCount: number;
  /** What the torrent file is called, without a folder: `document.torrent`. */
  readonly fileName: string;
}

/** The torrent files that a tracker offers; they may come and go. */
export interface TorrentCatalogue {
  /** All of them, by file name. */
  list(): readonly ListedTorrent[];
  /** The one of this torrent, the first by file name if there are several. */
  find(infoHash: InfoHash): ListedTorrent | undefined;
  /**
   * The bytes of the file that is listed under this very name, which are not to
   * be changed; `undefined` if there is none, or none any more.
   */
  read(fileName: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}
