/**
 * The stamps that the files of a torrent must have, and the files without a stamp, which
 * were written and not yet synced (fsync). Invariant: after a failed sync a file never
 * counts as synced again. Linux reports a failed write-back once for each open file, and
 * the next sync succeeds though the bytes are lost.
 *
 * @module
 */
import type { FilePlaces } from "./file_places.ts";
import type { FilePool } from "./file_pool.ts";
import type { FileStamp, Outcome } from "../files/file_system.ts";

/**
 * Files to fsync in parallel, which a journaling file system commits together. Deno has
 * 32 threads for file calls and for its output, and they must not all wait.
 */
export const PARALLEL_SYNCS = 8;
/**
 * After a faster sync, in milliseconds, the next one of a new file is synchronous: the
 * disk is memory, or its cache is safe. Another thread takes five times as long.
 */
const FAST_SYNC_MS = 0.3;

/** Only Windows cannot sync a file that is open for reading. Opening for a write costs more checks. */
const SYNC_ACCESS = Deno.build.os === "windows" ? "write" : "read";

/** The state of a file that was written. Each write and each sync makes another object. */
type SyncState =
  | { readonly type: "unsynced" }
  | { readonly type: "synced" }
  | { readonly type: "failed"; readonly error: unknown };

/** Syncs the files of one torrent. */
export class FileSyncs {
  /** The stamp that each file must have; `undefined` if it may be modified. */
  expected: (FileStamp | undefined)[];
  readonly #use: FilePool["use"];
  /** By index: the state of files that were written and have no stamp since. */
  readonly #states = new Map<number, SyncState>();
  /** A file for each write that runs. */
  readonly #writing: number[] = [];
  #isFast = false;

  constructor(fileCount: number, use: FilePool["use"]) {
    this.expected = Array.from({ length: fileCount }, () => undefined);
    this.#use = use;
  }

  /** Files were verified with these stamps. */
  expect(stamps: readonly (FileStamp | undefined)[]): void {
    this.expected = this.#withoutUnsynced(stamps);
  }

  /** All files have new paths now: the result of a running check does not count. */
  moved(): void {
    this.expected = this.expected.map((stamp) => stamp && { ...stamp });
  }

  /** Runs a write to a file, whose stamp is worthless until the next sync. */
  async during<T>(fileIndex: number, write: () => Promise<T>): Promise<T> {
    this.expected[fileIndex] = undefined;
    this.#writing.push(fileIndex);
    try {
      return await write();
    } finally {
      this.#writing.splice(this.#writing.indexOf(fileIndex), 1);
      if (this.#states.get(fileIndex)?.type !== "failed") {
        this.#states.set(fileIndex, { type: "unsynced" });
      }
    }
  }

  /**
   * Notes a new file with all of its content; syncs and closes the file if syncs are fast.
   * @returns False if the file is still open, and not synced.
   */
  addNew(fileIndex: number, file: Deno.FsFile): boolean {
    this.#states.set(fileIndex, { type: "unsynced" });
    if (!this.#isFast) return false;
    const startMs = performance.now();
    try {
      file.syncSync();
      this.#states.set(fileIndex, { type: "synced" });
    } catch (error) {
      this.#states.set(fileIndex, { type: "failed", error });
    }
    this.#isFast = performance.now() - startMs < FAST_SYNC_MS;
    file.close();
    return true;
  }

  /** A file was synced, and is as it was written: at a new path, perhaps. */
  named(fileIndex: number, stamp: FileStamp | undefined): void {
    this.expected[fileIndex] = stamp;
    this.#states.delete(fileIndex);
  }

  /** True if a file may have bytes that are not on the disk. */
  #mayBeUnsynced(fileIndex: number): boolean {
    const { type = "synced" } = this.#states.get(fileIndex) ?? {};
    return type !== "synced" || this.#writing.includes(fileIndex);
  }

  /** These stamps of all files, without those that may have changed since. */
  #withoutUnsynced(
    stamps: readonly (FileStamp | undefined)[],
  ): (FileStamp | undefined)[] {
    return stamps.map((stamp, index) =>
      this.#mayBeUnsynced(index) ? undefined : stamp
    );
  }

  /** Syncs a file. @throws {unknown} The error of this sync, or of an earlier one. */
  sync(fileIndex: number): Outcome<void> {
    if (this.#states.get(fileIndex)?.type === "synced") return;
    return this.#use(fileIndex, SYNC_ACCESS, async (file) => {
      // Within the task: two syncs of one file run one after another.
      const before = this.#states.get(fileIndex);
      if (before?.type === "failed") throw before.error;
      const startMs = performance.now();
      try {
        await file.sync();
      } catch (error) {
        this.#states.set(fileIndex, { type: "failed", error });
        throw error;
      }
      if (performance.now() - startMs < FAST_SYNC_MS) this.#isFast = true;
      const isWritten = this.#writing.includes(fileIndex) ||
        this.#states.get(fileIndex) !== before;
      if (before && !isWritten) this.#states.set(fileIndex, { type: "synced" });
    });
  }

  /**
   * Syncs all files that were written, but for those of which a sync has failed, and
   * notes the stamps of those that are parts and were not written meanwhile.
   */
  async settle(places: FilePlaces): Promise<(FileStamp | undefined)[]> {
    const written = this.#states.entries()
      .filter(([, { type }]) => type !== "failed")
      .map(([fileIndex]) => fileIndex).toArray();
    for (let at = 0; at < written.length; at += PARALLEL_SYNCS) {
      const batch = written.slice(at, at + PARALLEL_SYNCS);
      await Promise.all(batch.map((fileIndex) => this.sync(fileIndex)));
    }
    const states = new Map(this.#states);
    // Files that got their names meanwhile have their stamps already.
    const isPart = (index: number): boolean => places.isPart(index);
    const stamps = await places.stamps(written.filter(isPart));
    for (const [index, stamp] of stamps) {
      const isSame = this.#states.get(index) === states.get(index);
      if (!isPart(index) || !isSame || this.#mayBeUnsynced(index)) continue;
      this.named(index, stamp);
    }
    return this.#withoutUnsynced(this.expected);
  }
}
