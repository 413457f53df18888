/**
 * Gives complete files of a torrent what it says of them beside their bytes: programs
 * are made executable, and links that lead to them are made. What is right already is
 * not touched, so that a restart repeats what a crash has left undone.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { GuardedFolder } from "./guarded_folder.ts";
import { LinkMaker, type LinkOutcome, type TorrentLink } from "./link_maker.ts";

/** Options of a {@linkcode FileFinisher}. */
export interface FileFinisherOptions {
  /** The download folder. */
  readonly dir: string;
  /** The same, for files. */
  readonly folder: GuardedFolder;
  /** The files and links to make, by index. @default {all} */
  readonly wanted?: Bitfield | undefined;
  /** Receives a line about links that could not be made. @default {nothing} */
  readonly onWarning?: ((text: string) => void) | undefined;
}

/** Links of one outcome other than being made. */
interface Exception {
  count: number;
  /** The first of them. */
  readonly path: string;
  readonly outcome: LinkOutcome;
}

/** Finishes the files of one torrent. */
export class FileFinisher {
  readonly #torrent: Torrent;
  readonly #options: FileFinisherOptions;
  readonly #maker: LinkMaker;
  /** The links that lead to each file, by its index. */
  readonly #linksTo = new Map<number, TorrentLink[]>();
  readonly #linksToFolders: TorrentLink[] = [];
  readonly #exceptions = new Map<LinkOutcome["type"], Exception>();

  constructor(torrent: Torrent, options: FileFinisherOptions) {
    const maxCopiedLength = torrent.geometry.length;
    this.#torrent = torrent;
    this.#options = options;
    this.#maker = new LinkMaker({ ...options, maxCopiedLength });
    const { files } = torrent;
    const links = files.filter(({ linkTarget }, index) =>
      linkTarget !== undefined && options.wanted?.has(index) !== false
    );
    if (links.length === 0) return;
    const indexes = new Map(
      files.map(({ path }, index) => [path.join("/"), index]),
    );
    for (const { path, linkTarget } of links) {
      const index = indexes.get(linkTarget!.join("/"));
      const file = index === undefined ? undefined : files[index];
      const link = { path, linkTarget: linkTarget!, file };
      if (index === undefined) this.#linksToFolders.push(link);
      else {
        const others = this.#linksTo.get(index) ?? [];
        this.#linksTo.set(index, others);
        others.push(link);
      }
    }
  }

  /**
   * Finishes the files whose pieces are all stored, and links to folders once
   * everything is. Changes neither size nor time of a file, so its stamp stays.
   */
  async finish(have: Bitfield): Promise<void> {
    const { files, geometry: { pieceLength } } = this.#torrent;
    let end = 0;
    for (const [index, { length, isExecutable }] of files.entries()) {
      let piece = Math.floor(end / pieceLength);
      end += length;
      if (!isExecutable && !this.#linksTo.has(index)) continue;
      if (length === 0) continue;
      while (piece * pieceLength < end && have.has(piece)) piece++;
      if (piece * pieceLength >= end) await this.finishFile(index);
    }
    if (have.isFull) await this.finishRest();
    else this.#report();
  }

  /** Finishes empty files and makes the links to folders, once all other files are finished. */
  async finishRest(): Promise<void> {
    for (const [index, { length }] of this.#torrent.files.entries()) {
      const isWanted = this.#options.wanted?.has(index) !== false;
      if (length === 0 && isWanted) await this.finishFile(index);
    }
    await this.#makeLinks(this.#linksToFolders);
    this.#report();
  }

  /** Finishes a complete file. */
  async finishFile(index: number): Promise<void> {
    const { path, isExecutable } = this.#torrent.files[index]!;
    if (isExecutable) await this.#options.folder.makeProgram(path);
    await this.#makeLinks(this.#linksTo.get(index) ?? []);
  }

  async #makeLinks(links: readonly TorrentLink[]): Promise<void> {
    for (const link of links) {
      const outcome = await this.#maker.make(link);
      if (outcome.type === "right") continue;
      const known = this.#exceptions.get(outcome.type);
      if (known !== undefined) known.count++;
      else {
        const path = this.#options.folder.pathOf(link.path);
        this.#exceptions.set(outcome.type, { count: 1, path, outcome });
      }
    }
  }

  /** Reports the exceptions since the last report, a line for each kind. */
  #report(): void {
    for (const { count, path, outcome } of this.#exceptions.values()) {
      const others = count > 1 ? ` (and ${count - 1} more)` : "";
      this.#options.onWarning?.(describe(outcome, `${path}${others}`));
    }
    this.#exceptions.clear();
  }
}

function describe(outcome: LinkOutcome, path: string): string {
  switch (outcome.type) {
    case "right":
      return `${path} is the link of the torrent`;
    case "replaced":
      return `the file system makes no symbolic links: ${path} is a hard link or a copy of the file that it would lead to`;
    case "taken":
      return `${path} is not the link that the torrent describes: what is there stays; move it away and start again`;
    case "failed":
      return `a symbolic link of the torrent cannot be made, ${path}: ${outcome.reason}`;
    default:
      return outcome satisfies never;
  }
}
