/**
 * A catalogue of the torrent files in a folder. It scans the folder again and again,
 * which works on every file system, and reads only files whose stamps changed. It
 * skips subfolders and hidden files, and follows links only within the folder.
 *
 * A scan may meet a file that is being written. So a file that was modified just now
 * is read again by the next scan even if its stamp is the same, and an invalid file
 * is reported only once nobody writes it any more.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { BoundedMap } from "../base/bounded_map.ts";
import { StorageError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import { FileSystem } from "../disk/file_system.ts";
import { MAX_TORRENT_FILE_LENGTH } from "../disk/torrent_file.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import {
  type ListedTorrent,
  toListedTorrent,
  type TorrentCatalogue,
  TorrentIndex,
} from "./torrent_catalogue.ts";
import {
  findTorrentFile,
  type FoundFile,
  isUnchanged,
  loadTorrent,
  torrentFileNames,
} from "./torrent_file_scan.ts";

/** Shortest time between two scans, in milliseconds. */
const SCAN_INTERVAL_MS = 2_000;
/** Shortest time between two scans, in durations of a scan without its reads. */
const PAUSE_FACTOR = 20;
/** Files between two turns for the thread's other work: some 2 ms. */
const FILES_PER_TURN = 100;
/**
 * Time after a write in which another one may leave the same stamp, in
 * milliseconds: FAT counts in steps of 2 s.
 */
const SETTLING_MS = 2_000;
/** Memory for requested files, in bytes: two of the longest. */
const MAX_KEPT_LENGTH = 2 * MAX_TORRENT_FILE_LENGTH;

/** A change in a folder of torrent files. */
export type TorrentFolderChange =
  | { readonly type: "listed"; readonly torrent: ListedTorrent }
  | { readonly type: "unlisted"; readonly torrent: ListedTorrent }
  /** A file cannot be listed. Reported once for each reason. */
  | {
    readonly type: "skipped";
    readonly fileName: string;
    readonly error: StorageError | MetainfoError;
  }
  /** The folder cannot be read; its files stay listed. Reported once. */
  | { readonly type: "unreadable"; readonly error: StorageError };

/** Options for {@linkcode openTorrentFolder}. */
export interface TorrentFolderOptions {
  /** Called for every skipped file, and for every change after the first scan. */
  readonly onChange?: (change: TorrentFolderChange) => void;
  /** Shortest time between two scans, in milliseconds. @default {2000} */
  readonly scanIntervalMs?: number;
  /** Time for which a modified file may still change, in milliseconds. @default {2000} */
  readonly settlingMs?: number;
}

/** The outcome of reading a file. */
interface KnownFile {
  /** The file before it was read; `undefined` if it must not be opened. */
  readonly found: FoundFile | undefined;
  /** True if the outcome holds until the stamp changes. */
  readonly isSettled: boolean;
  /** The reason that was reported for skipping it. */
  readonly complaint?: string | undefined;
}

/** A file that was requested: one read serves everybody until the stamp changes. */
interface KeptRead {
  readonly found: FoundFile;
  readonly bytes: Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Lists the torrent files in `dir` until it is disposed of.
 * @throws {StorageError} If the folder cannot be read.
 */
export function openTorrentFolder(
  dir: string,
  options: TorrentFolderOptions = {},
): Promise<TorrentFolder> {
  return TorrentFolder.open(dir, options);
}

/** A {@linkcode TorrentCatalogue} of the torrent files in a folder. */
export class TorrentFolder implements TorrentCatalogue, AsyncDisposable {
  readonly #dir: string;
  readonly #options: TorrentFolderOptions;
  readonly #fileSystem = new FileSystem();
  readonly #index = new TorrentIndex();
  readonly #files = new Map<string, KnownFile>();
  readonly #reads = new BoundedMap<string, KeptRead>(
    MAX_KEPT_LENGTH,
    ({ found }) => found.stamp.size,
  );
  readonly #closing = new AbortController();
  /** Duration of the last scan without its reads. */
  #scanMs = 0;
  #scans: Promise<void> | undefined;

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
    await folder.#scan();
    folder.#scans = folder.#scanAgainAndAgain();
    return folder;
  }

  list(): readonly ListedTorrent[] {
    return this.#index.list();
  }

  find(infoHash: InfoHash): ListedTorrent | undefined {
    return this.#index.find(infoHash);
  }

  /** The current bytes of a listed file; `undefined` if it is gone or invalid now. */
  async read(fileName: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#index.get(fileName) === undefined) return undefined;
    try {
      const found = await findTorrentFile(
        this.#dir,
        fileName,
        this.#fileSystem,
      );
      if (found === undefined) return undefined;
      let kept = this.#reads.get(fileName);
      if (!isUnchanged(kept?.found, found)) {
        const loaded = loadTorrent(found.path, this.#fileSystem);
        kept = { found, bytes: loaded.then(({ bytes }) => bytes) };
        this.#reads.set(fileName, kept);
      }
      return await kept!.bytes;
    } catch (error) {
      this.#reads.delete(fileName);
      if (!isExpected(error)) throw error;
      return undefined;
    }
  }

  /** Stops the scans; the listed files stay listed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#scans;
  }

  async #scanAgainAndAgain(): Promise<void> {
    const { signal } = this.#closing;
    const { scanIntervalMs = SCAN_INTERVAL_MS } = this.#options;
    let isUnreadable = false;
    while (!signal.aborted) {
      const pauseMs = Math.max(scanIntervalMs, this.#scanMs * PAUSE_FACTOR);
      try {
        await delay(pauseMs, { signal });
        await this.#scan();
        isUnreadable = false;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof StorageError)) throw error;
        if (!isUnreadable) this.#report({ type: "unreadable", error });
        isUnreadable = true;
      }
    }
  }

  async #scan(): Promise<void> {
    const startMs = performance.now();
    let readMs = 0;
    const fileNames = await torrentFileNames(this.#dir);
    for (const fileName of this.#files.keys()) {
      if (fileNames.has(fileName)) continue;
      this.#unlist(fileName);
      this.#files.delete(fileName);
    }
    let fileCount = 0;
    for (const fileName of fileNames) {
      // Every call of the file system may be synchronous.
      if (fileCount++ % FILES_PER_TURN === 0) await delay(0);
      if (this.#closing.signal.aborted) return;
      readMs += await this.#update(fileName);
    }
    this.#scanMs = performance.now() - startMs - readMs;
  }

  /** Reads a file if it is new or changed. @returns The duration of that, in milliseconds. */
  async #update(fileName: string): Promise<number> {
    const known = this.#files.get(fileName);
    const { settlingMs = SETTLING_MS } = this.#options;
    let found: FoundFile | undefined;
    let isSettled = true;
    let startMs = performance.now();
    try {
      found = await findTorrentFile(this.#dir, fileName, this.#fileSystem);
      if (found === undefined) return 0;
      if (known?.isSettled && isUnchanged(known.found, found)) return 0;
      // A time in the future says nothing about the file.
      const ageMs = Date.now() - (found.stamp.modifiedMs ?? 0);
      isSettled = !(ageMs >= 0 && ageMs <= settlingMs);
      this.#reads.delete(fileName);
      startMs = performance.now();
      const { torrent } = await loadTorrent(found.path, this.#fileSystem);
      this.#files.set(fileName, { found, isSettled });
      this.#list(toListedTorrent(torrent, fileName));
    } catch (error) {
      if (!isExpected(error)) throw error;
      if (!isSettled) {
        // Somebody may be writing it: a listed file stays listed meanwhile.
        this.#files.set(fileName, { ...known, found, isSettled });
      } else {
        this.#unlist(fileName);
        const complaint = error.message;
        // A file that cannot be read now may be readable later with the same stamp.
        const isInvalid = error instanceof MetainfoError;
        this.#files.set(fileName, { found, isSettled: isInvalid, complaint });
        if (known?.complaint !== complaint) {
          this.#report({ type: "skipped", fileName, error });
        }
      }
    }
    return performance.now() - startMs;
  }

  #list(torrent: ListedTorrent): void {
    const before = this.#index.get(torrent.fileName);
    if (before?.infoHash === torrent.infoHash) return;
    this.#index.set(torrent);
    // The opening reports nothing.
    if (this.#scans === undefined) return;
    if (before) this.#report({ type: "unlisted", torrent: before });
    this.#report({ type: "listed", torrent });
  }

  #unlist(fileName: string): void {
    this.#reads.delete(fileName);
    const torrent = this.#index.get(fileName);
    if (torrent === undefined) return;
    this.#index.delete(fileName);
    this.#report({ type: "unlisted", torrent });
  }

  #report(change: TorrentFolderChange): void {
    this.#options.onChange?.(change);
  }
}

/** True if the file or the disk is at fault. */
function isExpected(error: unknown): error is StorageError | MetainfoError {
  return error instanceof StorageError || error instanceof MetainfoError;
}
