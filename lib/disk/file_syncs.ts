/**
 * The files of a torrent that were written and not yet synced (fsync). Invariant: a
 * file of which a sync failed never counts as synced again, as Linux reports a failed
 * write-back once for each open file, and the next sync succeeds though the bytes are
 * lost.
 *
 * @module
 */
import type { FilePlaces } from "./file_places.ts";
import type { FileStamp } from "../files/file_system.ts";
import type { ServedFiles } from "./served_files.ts";

/**
 * Files to fsync side by side, which a journaling file system commits together. Deno
 * has 32 threads for calls of files and of its output, which must not all wait.
 */
export const PARALLEL_SYNCS = 8;

/** Runs a task with an open file; one after another for each file. */
type UseFile = (
  fileIndex: number,
  task: (file: Deno.FsFile) => Promise<void>,
) => Promise<void>;

/** Syncs the files of one torrent. */
export class FileSyncs {
  readonly #use: UseFile;
  readonly #unsynced = new Set<number>();
  /** A file for each write that runs. */
  readonly #writing: number[] = [];
  /** The error of the first sync that failed, by file. */
  readonly #failures = new Map<number, unknown>();

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
      this.#unsynced.add(fileIndex);
    }
  }

  /** A file has its name, after a sync. */
  delete(fileIndex: number): void {
    this.#unsynced.delete(fileIndex);
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
  async sync(fileIndex: number): Promise<void> {
    await this.#use(fileIndex, async (file) => {
      // Within the task: two syncs of one file run one after another.
      if (this.#failures.has(fileIndex)) throw this.#failures.get(fileIndex);
      try {
        await file.sync();
      } catch (error) {
        this.#failures.set(fileIndex, error);
        throw error;
      }
    });
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
    served: Pick<ServedFiles, "expected">,
  ): Promise<(FileStamp | undefined)[]> {
    const written = await this.syncAll();
    // Those that have got their names meanwhile have their stamps.
    const isPart = (index: number): boolean => places.isPart(index);
    const { expected } = served;
    const parts = written.filter(isPart);
    const stamps = await places.stamps(parts);
    for (const index of parts.filter(isPart)) {
      if (!this.has(index)) expected[index] = stamps[index];
    }
    return this.without(expected);
  }
}
