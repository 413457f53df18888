/**
 * The files of a torrent that were written and not yet synced (fsync). Invariant: a
 * file of which a sync failed never counts as synced again, as Linux reports a failed
 * write-back once for each open file, and the next sync succeeds though the bytes are
 * lost.
 *
 * @module
 */
import type { FilePlaces } from "./file_places.ts";
import type { FileStamp, Outcome } from "../files/file_system.ts";
import type { ServedFiles } from "./served_files.ts";

/**
 * Files to fsync side by side, which a journaling file system commits together. Deno
 * has 32 threads for calls of files and of its output, which must not all wait.
 */
export const PARALLEL_SYNCS = 8;
/** New files that stay open until they are synced. */
const MAX_OPEN_FILES = 48;
/**
 * After a faster sync, in milliseconds, the next one of a new file is synchronous: the
 * disk is memory, or its cache is safe. Another thread takes five times as long.
 */
const FAST_SYNC_MS = 0.3;

/** Runs a task with an open file; one after another for each file. */
type UseFile = (
  fileIndex: number,
  task: (file: Deno.FsFile) => Promise<void>,
) => Promise<void>;

/** Syncs the files of one torrent. */
export class FileSyncs implements Disposable {
  readonly #use: UseFile;
  readonly #unsynced = new Set<number>();
  /** A file for each write that runs. */
  readonly #writing: number[] = [];
  /** New files that are open, by index. */
  readonly #open = new Map<number, Deno.FsFile>();
  /** New files that were synced since they were written. */
  readonly #synced = new Set<number>();
  /** The error of the first sync that failed, by file. */
  readonly #failures = new Map<number, unknown>();
  #isFast = false;

  constructor(use: UseFile) {
    this.#use = use;
  }

  /** Runs a write to a file, which has no stamp of worth before the next sync. */
  async during<T>(fileIndex: number, write: () => Promise<T>): Promise<T> {
    this.#writing.push(fileIndex);
    try {
      return await write();
    } finally {
      this.#writing.splice(this.#writing.indexOf(fileIndex), 1);
      this.#add(fileIndex);
    }
  }

  /** Takes over a new file with all of its content, and closes it once it is synced. */
  addNew(fileIndex: number, file: Deno.FsFile): void {
    this.#add(fileIndex);
    if (this.#isFast) this.#syncNow(fileIndex, file);
    else if (this.#open.size < MAX_OPEN_FILES) {
      return void this.#open.set(fileIndex, file);
    }
    file.close();
  }

  #add(fileIndex: number): void {
    this.#unsynced.add(fileIndex);
    this.#synced.delete(fileIndex);
  }

  /** A file has its name, after a sync. */
  delete(fileIndex: number): void {
    this.#unsynced.delete(fileIndex);
    this.#synced.delete(fileIndex);
  }

  /** True if a file may have bytes that are not on the disk. */
  has(fileIndex: number): boolean {
    return this.#unsynced.has(fileIndex) || this.#failures.has(fileIndex) ||
      this.#writing.includes(fileIndex);
  }

  /** These stamps of all files, without those that may have changed since. */
  without(stamps: readonly (FileStamp | undefined)[]): typeof stamps[number][] {
    return stamps.map((stamp, index) => this.has(index) ? undefined : stamp);
  }

  /** Syncs a file. @throws {unknown} The error of this sync, or of an earlier one. */
  sync(fileIndex: number): Outcome<void> {
    if (this.#synced.has(fileIndex)) return;
    const file = this.#open.get(fileIndex);
    if (file === undefined) {
      // Within the task: two syncs of one file run one after another.
      return this.#use(fileIndex, (file) => this.#sync(fileIndex, file));
    }
    this.#open.delete(fileIndex);
    return this.#sync(fileIndex, file).then(() => {
      this.#synced.add(fileIndex);
    }).finally(() => file.close());
  }

  async #sync(fileIndex: number, file: Deno.FsFile): Promise<void> {
    if (this.#failures.has(fileIndex)) throw this.#failures.get(fileIndex);
    const startMs = performance.now();
    try {
      await file.sync();
    } catch (error) {
      this.#failures.set(fileIndex, error);
      throw error;
    }
    if (performance.now() - startMs < FAST_SYNC_MS) this.#isFast = true;
  }

  #syncNow(fileIndex: number, file: Deno.FsFile): void {
    const startMs = performance.now();
    try {
      file.syncSync();
      this.#synced.add(fileIndex);
    } catch (error) {
      this.#failures.set(fileIndex, error);
    }
    this.#isFast = performance.now() - startMs < FAST_SYNC_MS;
  }

  /**
   * Syncs all files that were written, but for those of which a sync has failed.
   * @returns Their indexes; some may be written again meanwhile.
   */
  async syncAll(): Promise<number[]> {
    const written = [...this.#unsynced]
      .filter((fileIndex) => !this.#failures.has(fileIndex));
    for (const fileIndex of written) this.#unsynced.delete(fileIndex);
    try {
      for (let at = 0; at < written.length; at += PARALLEL_SYNCS) {
        const batch = written.slice(at, at + PARALLEL_SYNCS);
        await Promise.all(batch.map((fileIndex) => this.sync(fileIndex)));
      }
      return written;
    } catch (error) {
      for (const fileIndex of written) this.#unsynced.add(fileIndex);
      throw error;
    }
  }

  /** Syncs all files that were written, and notes the stamps of those that are parts. */
  async settle(
    places: Pick<FilePlaces, "isPart" | "stamps">,
    { expected }: Pick<ServedFiles, "expected">,
  ): Promise<(FileStamp | undefined)[]> {
    const written = await this.syncAll();
    // Those that have got their names meanwhile have their stamps.
    const isPart = (index: number): boolean => places.isPart(index);
    const stamps = await places.stamps(written.filter(isPart));
    for (const [index, stamp] of stamps) {
      if (isPart(index) && !this.has(index)) expected[index] = stamp;
    }
    return this.without(expected);
  }

  /** Closes the files that wait. */
  [Symbol.dispose](): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }
}
