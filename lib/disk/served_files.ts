/**
 * Checks that files still have the stamps with which they were verified, before their
 * bytes are served. Invariants: bytes without a check since their read are served at most
 * once, within 10 ms; after a failed check, every later check fails. A check after each
 * read of 256 KiB took half of a seeder's system calls.
 *
 * @module
 */
import { BLOCK_SIZE } from "../metainfo/geometry.ts";
import type { FilePlaces } from "./file_places.ts";
import type { FileSyncs } from "./file_syncs.ts";
import { isModified } from "../files/file_system.ts";
import type { GuardedFolder } from "../files/guarded_folder.ts";
import { contentChanged } from "../files/storage_failure.ts";

/** Time between two checks, in milliseconds. */
const CHECK_INTERVAL_MS = 10;

/** The files of a torrent that are read to be served. */
export class ServedFiles {
  readonly #folder: GuardedFolder;
  readonly #places: FilePlaces;
  readonly #syncs: FileSyncs;
  /** Indexes of files that were read since the last check. */
  readonly #unchecked = new Set<number>();
  /** Offsets in the torrent of the blocks served since the last check. */
  readonly #served = new Set<number>();
  #checking: Promise<void> | undefined;
  #nextCheckMs = 0;

  /** @param files Their paths and the stamps that they must have. */
  constructor(
    folder: GuardedFolder,
    files: { readonly places: FilePlaces; readonly syncs: FileSyncs },
  ) {
    this.#folder = folder;
    this.#places = files.places;
    this.#syncs = files.syncs;
  }

  /** Notes that a file was read. */
  add(fileIndex: number): void {
    this.#unchecked.add(fileIndex);
  }

  /**
   * Checks what was read, unless that was done less than 10 ms ago.
   * @throws {ContentChangedError} If a file does not have the stamp it must have.
   */
  checkRead(): Promise<void> | undefined {
    if (performance.now() < this.#nextCheckMs) return undefined;
    return this.#checking ??= this.check().finally(() => {
      this.#checking = undefined;
    });
  }

  /** The same; and before bytes are served again, at once. */
  checkServed(
    offsetInTorrent: number,
    length: number,
  ): Promise<void> | undefined {
    if (this.#unchecked.size === 0) return this.#checking;
    for (let done = 0; done < length; done += BLOCK_SIZE) {
      const offset = offsetInTorrent + done;
      if (this.#served.has(offset)) this.#nextCheckMs = 0;
      this.#served.add(offset);
    }
    return this.checkRead();
  }

  /**
   * Checks what was read now, by path, as the expected stamps were taken: some
   * network file systems report another time of an open file.
   */
  async check(): Promise<void> {
    this.#nextCheckMs = performance.now() + CHECK_INTERVAL_MS;
    const checked = [...this.#unchecked]
      .filter((index) => this.#syncs.expected[index] !== undefined);
    const expected = checked.map((index) => this.#syncs.expected[index]!);
    const paths = checked.map((index) => this.#places.pathOf(index));
    this.#unchecked.clear();
    this.#served.clear();
    try {
      const stamps = await this.#folder.stamps(paths);
      for (const [at, fileIndex] of checked.entries()) {
        // A file that was written or renamed meanwhile may have any stamp.
        if (expected[at] !== this.#syncs.expected[fileIndex]) continue;
        const now = stamps[at];
        if (now && !isModified(expected[at]!, now)) continue;
        throw contentChanged(this.#folder.pathOf(paths[at]!), "modified");
      }
    } catch (error) {
      for (const fileIndex of checked) this.#unchecked.add(fileIndex);
      this.#nextCheckMs = 0;
      throw error;
    }
  }
}
