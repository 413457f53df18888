/**
 * A folder of torrent files as a catalogue that follows what happens in it: new,
 * changed and removed files are found by looking again and again, which works on
 * every file system and costs little, as only what changed is read. Invariant:
 * what is listed was a valid torrent file when it was read.
 *
 * A file may be seen while it is being written. So one that was modified only
 * just now is read again at the next look even if it seems unchanged, and one
 * that is not valid is complained of only once nobody writes it any more.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import {
  type ListedTorrent,
  toListedTorrent,
  type TorrentCatalogue,
  TorrentIndex,
} from "./torrent_catalogue.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import { SyncWhenFast } from "../disk/sync_when_fast.ts";
import {
  parseListedTorrent,
  readListedTorrent,
} from "./load_listed_torrent.ts";
import { SharedReads } from "./shared_reads.ts";
import { MAX_TORRENT_FILE_LENGTH } from "../disk/torrent_file.ts";
import {
  isUnchanged,
  lookAtTorrentFiles,
  seeFile,
  type SeenFile,
  type TorrentFileLook,
} from "./torrent_file_scan.ts";

/** Shortest time between two looks, in milliseconds. */
const LOOK_INTERVAL_MS = 2_000;
/** Looking at what has not changed takes at most one part in so many of the time. */
const LOOK_SHARE = 20;
/**
 * How long after a file's last modification it may be modified again without a
 * trace, or still be written, in milliseconds: FAT counts in steps of 2 s.
 */
const SETTLING_MS = 2_000;
/** What is kept of files that were asked for, in bytes: two of the longest. */
const MAX_SHARED_LENGTH = 2 * MAX_TORRENT_FILE_LENGTH;

/** Something that happened in a folder of torrent files. */
export type TorrentFolderChange =
  | { readonly type: "listed"; readonly torrent: ListedTorrent }
  | { readonly type: "unlisted"; readonly torrent: ListedTorrent }
  /** A file cannot be listed; told once, and again if it is for another reason. */
  | {
    readonly type: "skipped";
    readonly fileName: string;
    readonly error: StorageError | MetainfoError;
  }
  /** The folder cannot be read any more; what was listed stays. Told once. */
  | { readonly type: "unreadable"; readonly error: StorageError };

/** Options of {@linkcode openTorrentFolder}. */
export interface TorrentFolderOptions {
  /** Hears of the files that are skipped, and of every change after the opening. */
  readonly onChange?: (change: TorrentFolderChange) => void;
  /** Shortest time between two looks at the folder, in milliseconds. @default {2000} */
  readonly lookIntervalMs?: number;
  /**
   * How long after its last modification a file may be in the middle of another
   * one, in milliseconds. @default {2000}
   */
  readonly settlingMs?: number;
}

/** What is known of a file. */
interface KnownFile {
  /** How it was before it was read; `undefined` if it was not to be opened. */
  readonly seen: SeenFile | undefined;
  /** Whether what was read stays true for as long as the file looks the same. */
  readonly isSettled: boolean;
  /** Why it is not listed, as it was told. */
  readonly complaint: string | undefined;
}

/**
 * Lists the torrent files in `dir`, its subfolders not included, until it is
 * disposed of.
 * @throws {StorageError} If the folder cannot be read.
 */
export async function openTorrentFolder(
  dir: string,
  options: TorrentFolderOptions = {},
): Promise<TorrentFolder> {
  return await TorrentFolder.open(dir, options);
}

/** A {@linkcode TorrentCatalogue} of the torrent files in a folder. */
export class TorrentFolder implements TorrentCatalogue, AsyncDisposable {
  readonly #dir: string;
  readonly #options: TorrentFolderOptions;
  readonly #fileSystem = new SyncWhenFast();
  readonly #index = new TorrentIndex();
  readonly #files = new Map<string, KnownFile>();
  readonly #reads = new SharedReads(MAX_SHARED_LENGTH);
  #isOpen = false;
  #isClosed = false;
  #isUnreadable = false;
  #lookDurationMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> = Promise.resolve();

  private constructor(dir: string, options: TorrentFolderOptions) {
    this.#dir = dir;
    this.#options = options;
  }

  /** As {@linkcode openTorrentFolder}. */
  static async open(
    dir: string,
    options: TorrentFolderOptions,
  ): Promise<TorrentFolder> {
    const folder = new TorrentFolder(dir, options);
    await folder.#look();
    folder.#isOpen = true;
    folder.#schedule();
    return folder;
  }

  /** All that are listed, by file name. */
  list(): readonly ListedTorrent[] {
    return this.#index.list();
  }

  /** The one of this torrent, the first by file name if there are several. */
  find(infoHash: InfoHash): ListedTorrent | undefined {
    return this.#index.find(infoHash);
  }

  /** The bytes of a listed file as it is now; `undefined` if it is none now. */
  async read(fileName: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const known = this.#files.get(fileName);
    if (known?.seen === undefined || this.#index.get(fileName) === undefined) {
      return undefined;
    }
    const { path } = known.seen;
    try {
      const seen = await seeFile(path, this.#fileSystem);
      const isChecked = holdsFor(known, seen);
      return await this.#reads.take(fileName, seen, async () => {
        const bytes = await readListedTorrent(path, this.#fileSystem);
        // Parsing holds the thread, for long if the torrent has many files.
        if (!isChecked) await parseListedTorrent(path, bytes);
        return bytes;
      });
    } catch (error) {
      if (!isExpected(error)) throw error;
      return undefined;
    }
  }

  /** Looks no more; what is listed stays listed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #schedule(): void {
    const { lookIntervalMs = LOOK_INTERVAL_MS } = this.#options;
    this.#timer = setTimeout(async () => {
      this.#looking = this.#lookAgain();
      await this.#looking;
      if (!this.#isClosed) this.#schedule();
    }, Math.max(lookIntervalMs, this.#lookDurationMs * LOOK_SHARE));
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#look();
      this.#isUnreadable = false;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (!this.#isUnreadable) this.#tell({ type: "unreadable", error });
      this.#isUnreadable = true;
    }
  }

  async #look(): Promise<void> {
    const startMs = performance.now();
    const looks = await lookAtTorrentFiles(this.#dir, this.#fileSystem);
    this.#lookDurationMs = performance.now() - startMs;
    for (const fileName of this.#files.keys()) {
      if (!looks.has(fileName)) this.#forget(fileName);
    }
    for (const [fileName, look] of looks) {
      if (this.#isClosed) return;
      await this.#update(fileName, look);
    }
  }

  /** Brings what is known of a file up to what it looks like. */
  async #update(fileName: string, look: TorrentFileLook): Promise<void> {
    if (look.type === "refused") {
      return this.#skip(fileName, look.error, undefined);
    }
    const { seen } = look;
    const known = this.#files.get(fileName);
    if (known !== undefined && holdsFor(known, seen)) return;
    const { settlingMs = SETTLING_MS } = this.#options;
    const isSettled = !isWithin(settlingMs, seen.modifiedMs);
    this.#reads.drop(fileName);
    try {
      const bytes = await readListedTorrent(seen.path, this.#fileSystem);
      const torrent = await parseListedTorrent(seen.path, bytes);
      this.#files.set(fileName, { seen, isSettled, complaint: undefined });
      this.#list(toListedTorrent(torrent, fileName));
    } catch (error) {
      if (!isExpected(error)) throw error;
      if (isSettled) return this.#skip(fileName, error, seen);
      // Perhaps it is still being written. What was listed stays so long.
      const complaint = known?.complaint;
      this.#files.set(fileName, { seen, isSettled, complaint });
    }
  }

  #list(torrent: ListedTorrent): void {
    const before = this.#index.get(torrent.fileName);
    const isSame = before?.infoHash === torrent.infoHash;
    if (isSame) return;
    this.#index.set(torrent);
    if (!this.#isOpen) return;
    if (before !== undefined) this.#tell({ type: "unlisted", torrent: before });
    this.#tell({ type: "listed", torrent });
  }

  #skip(
    fileName: string,
    error: StorageError | MetainfoError,
    seen: SeenFile | undefined,
  ): void {
    const complaint = error.message;
    const isTold = this.#files.get(fileName)?.complaint === complaint;
    this.#unlist(fileName);
    // What cannot be read today can be tomorrow, and looks the same.
    const isSettled = error instanceof MetainfoError;
    this.#files.set(fileName, { seen, isSettled, complaint });
    if (!isTold) this.#tell({ type: "skipped", fileName, error });
  }

  #forget(fileName: string): void {
    this.#unlist(fileName);
    this.#files.delete(fileName);
  }

  #unlist(fileName: string): void {
    this.#reads.drop(fileName);
    const torrent = this.#index.get(fileName);
    if (torrent === undefined) return;
    this.#index.delete(fileName);
    this.#tell({ type: "unlisted", torrent });
  }

  #tell(change: TorrentFolderChange): void {
    this.#options.onChange?.(change);
  }
}

/** Whether what is known of a file is true of one that looks like this. */
function holdsFor(known: KnownFile, seen: SeenFile): boolean {
  return known.isSettled && known.seen !== undefined &&
    isUnchanged(known.seen, seen);
}

/** Whether it was so little time ago. A time to come says nothing of a file. */
function isWithin(durationMs: number, timeMs: number): boolean {
  const ageMs = Date.now() - timeMs;
  return ageMs >= 0 && ageMs <= durationMs;
}

/** Whether it is the file's or the disk's fault. */
function isExpected(error: unknown): error is StorageError | MetainfoError {
  return error instanceof StorageError || error instanceof MetainfoError;
}
