/**
 * The torrents that a tracker offers, as the tracker sees them. Invariants of every
 * catalogue: a listed file was a valid torrent file when it was read, and no two
 * files have one name.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import { sizeOfFiles, type Torrent } from "../metainfo/torrent.ts";

/** A torrent file that is offered, and the torrent that it describes. */
export interface ListedTorrent {
  /** Identifies the torrent. */
  readonly infoHash: InfoHash;
  /** Name of the download, chosen by whoever created the torrent. */
  readonly name: string;
  /** Length of all files, without padding, in bytes. */
  readonly length: number;
  /** Files in the content, without padding. */
  readonly fileCount: number;
  /** Name of the torrent file, without a folder: `document.torrent`. */
  readonly fileName: string;
}

/** The torrent files that a tracker offers; they may come and go. */
export interface TorrentCatalogue {
  /** All of them, sorted by file name. */
  list(): readonly ListedTorrent[];
  /** The file of this torrent; the first by name if there are several. */
  find(infoHash: InfoHash): ListedTorrent | undefined;
  /**
   * The bytes of the file that is listed under exactly this name, a shared view
   * that nobody may change; `undefined` if it is not listed, or no longer.
   */
  read(fileName: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Describes a torrent for a catalogue. */
export function toListedTorrent(
  { infoHash, name, files }: Torrent,
  fileName: string,
): ListedTorrent {
  const { fileCount, fileLength: length } = sizeOfFiles(files);
  return { infoHash, name, length, fileCount, fileName };
}

/** The torrents of a catalogue, sorted once after changes. */
export class TorrentIndex {
  readonly #byFileName = new Map<string, ListedTorrent>();
  #sorted: readonly ListedTorrent[] | undefined;
  #firstByInfoHash: ReadonlyMap<InfoHash, ListedTorrent> | undefined;

  /** Adds a torrent; it replaces the one with this file name. */
  set(torrent: ListedTorrent): void {
    this.#byFileName.set(torrent.fileName, torrent);
    this.#sorted = this.#firstByInfoHash = undefined;
  }

  delete(fileName: string): void {
    this.#byFileName.delete(fileName);
    this.#sorted = this.#firstByInfoHash = undefined;
  }

  get(fileName: string): ListedTorrent | undefined {
    return this.#byFileName.get(fileName);
  }

  /** The first by file name with this info hash. */
  find(infoHash: InfoHash): ListedTorrent | undefined {
    this.#firstByInfoHash ??= new Map(
      this.list().toReversed().map((torrent) => [torrent.infoHash, torrent]),
    );
    return this.#firstByInfoHash.get(infoHash);
  }

  /** All torrents, sorted by file name. */
  list(): readonly ListedTorrent[] {
    return this.#sorted ??= [...this.#byFileName.values()].sort((a, b) =>
      a.fileName < b.fileName ? -1 : 1
    );
  }
}
