/**
 * A catalogue of the torrent files in a folder. It scans the folder again and again,
 * which works on every file system, and reads only files whose stamps changed.
 * Invariant: no path leads out of the folder: links within it are resolved, others
 * refused. Subfolders and hidden files are skipped.
 *
 * A scan may meet a file that is being written. So a file that was modified just now
 * is read again by the next scan even if its stamp is the same, and an invalid file
 * is reported only once nobody writes it any more.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { basename, dirname, join } from "@std/path";
import { guardListener } from "../base/guard_listener.ts";
import { BoundedMap } from "../base/bounded_map.ts";
import { StorageError } from "../base/errors.ts";
import type { InfoHash } from "../base/identifier.ts";
import { FileSystem, stampOf } from "../files/file_system.ts";
import { GuardedFolder } from "../files/guarded_folder.ts";
import { followLink } from "../files/links.ts";
import { sourceFailure } from "../files/storage_failure.ts";
import {
  MAX_TORRENT_FILE_LENGTH,
  parseTorrentFile,
  readTorrentBytes,
  torrentFileFailure,
} from "../disk/torrent_file.ts";
import { MetainfoError } from "../metainfo/metainfo_error.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import {
  type ListedTorrent,
  toListedTorrent,
  type TorrentCatalogue,
  TorrentIndex,
} from "./torrent_catalogue.ts";

/** Shortest time between two scans, in milliseconds. */
const SCAN_INTERVAL_MS = 2_000;
/** Shortest time between two scans, in durations of a scan without its reads. */
const PAUSE_FACTOR = 20;
/**
 * Time after a write in which another one may leave the same stamp, in
 * milliseconds: FAT counts in steps of 2 s.
 */
const SETTLING_MS = 2_000;

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
  /** Called for every skipped file, and for every change after the first scan. Its exceptions are ignored. */
  readonly onChange?: (change: TorrentFolderChange) => void;
  /** Shortest time between two scans, in milliseconds. @default {2000} */
  readonly scanIntervalMs?: number;
  /** Time for which a modified file may still change, in milliseconds. @default {2000} */
  readonly settlingMs?: number;
}

/** A file at one moment. */
interface FoundFile {
  /** The path without links below the folder. */
  readonly path: string;
  readonly info: Deno.FileInfo;
  /** Path and stamp: equal for a file that was neither replaced nor modified. */
  readonly version: string;
}

/** The outcome of reading a file. */
interface KnownFile {
  /** Before it was read; `undefined` if it must not be opened. */
  readonly version: string | undefined;
  /** True if the outcome holds until the version changes. */
  readonly isSettled: boolean;
  /** The reason that was reported for skipping it. */
  readonly complaint?: string | undefined;
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
  /**
   * Requested files, two of the longest at most: one read serves everybody until the
   * stamp changes.
   */
  readonly #reads = new BoundedMap<
    string,
    FoundFile & { readonly bytes: Promise<Uint8Array<ArrayBuffer>> }
  >(2 * MAX_TORRENT_FILE_LENGTH, ({ info }) => info.size);
  readonly #closing = new AbortController();
  /** Duration of the last scan without its reads. */
  #scanMs = 0;
  #scans: Promise<void> | undefined;

  private constructor(dir: string, options: TorrentFolderOptions) {
    this.#dir = dir;
    const { onChange } = options;
    this.#options = { ...options, onChange: guardListener(onChange) };
  }

  /** As {@linkcode openTorrentFolder}. */
  static async open(
    dir: string,
    options: TorrentFolderOptions = {},
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
      const found = await this.#find(fileName);
      if (found === undefined) return undefined;
      const kept = this.#reads.get(fileName);
      if (kept?.version === found.version) return await kept.bytes;
      const bytes = this.#load(found.path).then(({ bytes }) => bytes);
      this.#reads.set(fileName, { ...found, bytes });
      return await bytes;
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
    const { scanIntervalMs = SCAN_INTERVAL_MS, onChange } = this.#options;
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
        if (!isUnreadable) onChange?.({ type: "unreadable", error });
        isUnreadable = true;
      }
    }
  }

  async #scan(): Promise<void> {
    const startMs = performance.now();
    let readMs = 0;
    const names: string[] = [];
    try {
      for await (const { name } of Deno.readDir(this.#dir)) {
        if (/^[^.].*\.torrent$/is.test(name)) names.push(name);
      }
    } catch (error) {
      throw sourceFailure(this.#dir, error);
    }
    const fileNames = new Set(names.sort());
    for (const fileName of this.#files.keys()) {
      if (fileNames.has(fileName)) continue;
      this.#unlist(fileName);
      this.#files.delete(fileName);
    }
    for (const fileName of fileNames) {
      if (this.#closing.signal.aborted) return;
      readMs += await this.#update(fileName);
    }
    this.#scanMs = performance.now() - startMs - readMs;
  }

  /** Reads a file if it is new or changed. @returns The duration of that, in milliseconds. */
  async #update(fileName: string): Promise<number> {
    const known = this.#files.get(fileName);
    const { settlingMs = SETTLING_MS, onChange } = this.#options;
    let found: FoundFile | undefined;
    let isSettled = true;
    let startMs = performance.now();
    try {
      found = await this.#find(fileName);
      if (found === undefined) return 0;
      if (known?.isSettled && known.version === found.version) return 0;
      // A time in the future says nothing about the file.
      const ageMs = Date.now() - (found.info.mtime?.getTime() ?? 0);
      isSettled = !(ageMs >= 0 && ageMs <= settlingMs);
      this.#reads.delete(fileName);
      startMs = performance.now();
      const { torrent } = await this.#load(found.path);
      this.#files.set(fileName, { version: found.version, isSettled });
      const listed = toListedTorrent(torrent, fileName);
      if (this.#index.get(fileName)?.infoHash !== listed.infoHash) {
        this.#unlist(fileName);
        this.#index.set(listed);
        // The opening reports nothing.
        if (this.#scans) onChange?.({ type: "listed", torrent: listed });
      }
    } catch (error) {
      if (!isExpected(error)) throw error;
      // A file that cannot be read now may be readable later with the same stamp.
      const isFinal = isSettled && error instanceof MetainfoError;
      const complaint = isSettled ? error.message : known?.complaint;
      const version = found?.version;
      this.#files.set(fileName, { version, isSettled: isFinal, complaint });
      // Somebody may be writing it: a listed file stays listed meanwhile.
      if (isSettled) this.#unlist(fileName);
      if (complaint !== known?.complaint) {
        onChange?.({ type: "skipped", fileName, error });
      }
    }
    return performance.now() - startMs;
  }

  /**
   * Finds a file; `undefined` if it is gone.
   * @throws {StorageError} If it must not be opened.
   */
  async #find(fileName: string): Promise<FoundFile | undefined> {
    let path = join(this.#dir, fileName);
    try {
      if (!fileName.isWellFormed()) {
        throw refusal(path, "its name is not Unicode");
      }
      let info = await this.#fileSystem.lstat(path);
      if (info.isSymlink) {
        const folder = await Deno.realPath(this.#dir);
        const refuse = (reason: string): StorageError => refusal(path, reason);
        path = await followLink(path, { folder, refuse });
        info = await this.#fileSystem.lstat(path);
      }
      if (!info.isFile) throw refusal(path, "it is not a file; remove it");
      return { path, info, version: JSON.stringify([path, stampOf(info)]) };
    } catch (error) {
      // A name that is not UTF-8 exists, but not under the name that Deno reports.
      const isGone = error instanceof Deno.errors.NotFound &&
        !fileName.includes("\ufffd");
      if (isGone) return undefined;
      throw sourceFailure(path, error);
    }
  }

  /**
   * Reads and parses a file. The path rules are those of Linux, the least strict
   * ones, as other machines will store the content.
   */
  async #load(
    path: string,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; torrent: Torrent }> {
    try {
      const fileSystem = this.#fileSystem;
      const folder = new GuardedFolder(dirname(path), { fileSystem });
      using opened = await folder.open([basename(path)], "read");
      const bytes = await readTorrentBytes(opened.file, path);
      return { bytes, torrent: await parseTorrentFile(bytes, "linux") };
    } catch (error) {
      throw torrentFileFailure(path, error);
    }
  }

  #unlist(fileName: string): void {
    this.#reads.delete(fileName);
    const torrent = this.#index.get(fileName);
    if (torrent === undefined) return;
    this.#index.delete(fileName);
    this.#options.onChange?.({ type: "unlisted", torrent });
  }
}

/** True if the file or the disk is at fault. */
function isExpected(error: unknown): error is StorageError | MetainfoError {
  return error instanceof StorageError || error instanceof MetainfoError;
}

function refusal(path: string, reason: string): StorageError {
  return new StorageError(`Cannot read ${path}: ${reason}`);
}
