/**
 * The files of a torrent that were written and not yet synced (fsync). Invariant: a
 * file of which a sync failed never counts as synced again, as Linux reports a failed
 * write-back once for each open file, and the next sync succeeds though the bytes are
 * lost.
 *
 * @module
 */

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
  /** The error of the first sync that failed, by file. */
  readonly #failures = new Map<number, unknown>();

  constructor(use: UseFile) {
    this.#use = use;
  }

  /** A file was written. */
  add(fileIndex: number): void {
    this.#unsynced.add(fileIndex);
  }

  /** A file has its name, after a sync. */
  delete(fileIndex: number): void {
    this.#unsynced.delete(fileIndex);
  }

  /** True if a file may have bytes that are not on the disk. */
  has(fileIndex: number): boolean {
    return this.#unsynced.has(fileIndex) || this.#failures.has(fileIndex);
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
}
