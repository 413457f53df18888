/**
 * Finishes complete files: makes programs executable and makes links to the files. At
 * the end makes empty files and links to folders, and names a staged folder. Correct
 * modes, links and names stay, so a restart does what a crash has left undone.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import {
  isRegularFile,
  type Torrent,
  type TorrentFile,
} from "../metainfo/torrent.ts";
import { modeOf } from "../files/file_modes.ts";
import type { Outcome } from "../files/file_system.ts";
import type { GuardedFolder } from "../files/guarded_folder.ts";
import type { FilePlaces } from "./file_places.ts";
import { LinkMaker, type LinkOutcome } from "./link_maker.ts";
import { isOnDisk } from "./storage.ts";
import { errorCode, MOVE_AWAY } from "../files/storage_failure.ts";

/** Options of a {@linkcode FileFinisher}. */
export interface FileFinisherOptions {
  /** The download folder. */
  readonly folder: GuardedFolder;
  /** Says which files and links are wanted. */
  readonly places: FilePlaces;
  /** Receives a line about links that could not be made. @default {nothing} */
  readonly onWarning?: ((text: string) => void) | undefined;
  /** Gives a staged folder its name. */
  readonly reveal: () => Promise<void>;
}

/** A link that differs from the torrent's. */
interface Exception {
  readonly path: string;
  readonly outcome: Exclude<LinkOutcome, { readonly type: "right" }>;
}

/** Finishes the files of one torrent. */
export class FileFinisher {
  readonly #torrent: Torrent;
  readonly #options: FileFinisherOptions;
  readonly #maker: LinkMaker;
  /** The links that lead to each file, by its index; `undefined`: to folders. */
  readonly #linksTo: ReadonlyMap<number | undefined, readonly TorrentFile[]>;
  /** Exceptions since the last report. */
  readonly #exceptions: Exception[] = [];
  #isFinished = false;

  constructor(torrent: Torrent, options: FileFinisherOptions) {
    this.#torrent = torrent;
    this.#options = options;
    this.#maker = new LinkMaker(options.folder, torrent.geometry.length);
    const { files } = torrent;
    const links = files.filter(({ linkTarget }, index) =>
      linkTarget !== undefined && this.#options.places.isWanted(index)
    );
    const indexes = new Map(
      (links.length > 0 ? files : [])
        .map(({ path }, index) => [path.join("/"), index]),
    );
    this.#linksTo = Map.groupBy(
      links,
      ({ linkTarget }) => indexes.get(linkTarget!.join("/")),
    );
  }

  /**
   * Finishes the files that are complete, and links to folders once everything is.
   * Changes neither the size nor the time of a file, so the file's stamp stays.
   */
  async finish(isMissing: (index: number) => boolean): Promise<void> {
    if (this.#isFinished) return;
    let isWhole = true;
    for (const [index, file] of this.#torrent.files.entries()) {
      if (!isOnDisk(file)) continue;
      if (isMissing(index)) isWhole &&= !this.#options.places.isWanted(index);
      else await this.finishFile(index);
    }
    if (isWhole) await this.finishRest();
    else this.#report();
  }

  /**
   * Finishes empty files, makes the links to folders and names a staged folder, once all
   * other files are finished.
   */
  async finishRest(): Promise<void> {
    for (const [index, { length }] of this.#torrent.files.entries()) {
      if (length === 0 && this.#options.places.isWanted(index)) {
        await this.finishFile(index);
      }
    }
    await this.#makeLinks(undefined);
    this.#report();
    this.#isFinished = true;
    await this.#options.reveal();
  }

  /**
   * Makes the torrent's empty files, which have their names when all other files have
   * theirs. Leaves them out if nothing can be written.
   */
  async makeEmptyFiles(): Promise<void> {
    for (const file of await this.findMissingEmptyFiles()) {
      try {
        const mode = modeOf(file);
        using _ = await this.#options.folder.open(file.path, "write", { mode });
      } catch (error) {
        const code = errorCode(error instanceof Error && error.cause) ?? "";
        // Harmless: no content is missing, and a complete download can be shared.
        if (!["EROFS", "EACCES", "EPERM"].includes(code)) throw error;
      }
    }
  }

  /** Empty files that are missing. @throws {StorageError} If one has content. */
  async findMissingEmptyFiles(): Promise<TorrentFile[]> {
    const { folder } = this.#options;
    const files = this.#torrent.files.filter((file, index) =>
      file.length === 0 && isRegularFile(file) &&
      this.#options.places.isWanted(index)
    );
    const stamps = await folder.stamps(files.map(({ path }) => path));
    return files.filter(({ path }, index) => {
      const size = stamps[index]?.size;
      if (!size) return size === undefined;
      const place = folder.pathOf(path);
      throw new StorageError(
        `Cannot use ${place}: it holds ${size} bytes and the torrent says it is empty; ${MOVE_AWAY}`,
      );
    });
  }

  /** Finishes a complete file; at once if its content is all. */
  finishFile(index: number): Outcome<void> {
    const { isExecutable } = this.#torrent.files[index]!;
    if (isExecutable || this.#linksTo.has(index)) return this.#finish(index);
  }

  async #finish(index: number): Promise<void> {
    const { path, isExecutable } = this.#torrent.files[index]!;
    if (isExecutable) await this.#options.folder.makeProgram(path);
    await this.#makeLinks(index);
  }

  /** Makes the links to a file, or to folders. */
  async #makeLinks(index: number | undefined): Promise<void> {
    const file = index === undefined ? undefined : this.#torrent.files[index];
    for (const { path, linkTarget } of this.#linksTo.get(index) ?? []) {
      const link = { path, linkTarget: linkTarget!, file };
      const outcome = await this.#maker.make(link);
      if (outcome.type === "right") continue;
      const place = this.#options.folder.pathOf(path);
      this.#exceptions.push({ path: place, outcome });
    }
  }

  /** Reports the exceptions since the last report, a line for each kind. */
  #report(): void {
    const exceptions = this.#exceptions.splice(0);
    const kinds = Map.groupBy(exceptions, ({ outcome }) => outcome.type);
    for (const alike of kinds.values()) {
      const { path, outcome } = alike[0]!;
      const others = alike.length > 1 ? ` (and ${alike.length - 1} more)` : "";
      this.#options.onWarning?.(describe(outcome, `${path}${others}`));
    }
  }
}

function describe(outcome: Exception["outcome"], path: string): string {
  switch (outcome.type) {
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
