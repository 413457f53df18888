/**
 * Gives the files of a torrent their names as their last bytes are written, in batches.
 * Files that are complete while a batch is flushed form the next batch: a journaling file
 * system commits once for many files if no name changes in between. Writes wait while the
 * batches lag, so that few files must be opened again for their flush. Files marked as
 * first get their names before all others. Knows pieces and files, and nothing of paths.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import type { FileSpans } from "../metainfo/file_spans.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { Outcome } from "../files/file_system.ts";
import type { FilePlaces } from "./file_places.ts";
import { PARALLEL_SYNCS } from "./file_syncs.ts";
import { isOnDisk } from "./storage.ts";

/** Files of a batch: three batches are less than a pool of files holds open. */
const MAX_BATCH_LENGTH = 16;

/** The disk's side of a {@linkcode FileCompletion}. */
export interface FileCompletionOptions {
  readonly spans: FileSpans;
  readonly places: FilePlaces;
  /** The files that get their names before all others, by index. @default {none} */
  readonly first?: Bitfield | undefined;
  /** Flushes a complete file. */
  readonly flush: (fileIndex: number) => Outcome<void>;
  /** Gives files that are flushed their names. */
  readonly publish: (
    fileIndexes: readonly number[],
  ) => Promise<PromiseSettledResult<unknown>[]>;
  /** A file has its name. */
  readonly named: (fileIndex: number) => Outcome<void>;
  /** Makes a part of a file that lacks content. */
  readonly makePart: (fileIndex: number) => Promise<void>;
  /** Every file has its name, from the start on or since now. */
  readonly finish: (since: "start" | "end") => Promise<void>;
}

/** A complete file. The promise resolves when the file has its name. */
interface CompletedFile extends PromiseWithResolvers<void> {
  readonly fileIndex: number;
}

/** Counts the missing pieces of each file, and names complete files. */
export class FileCompletion {
  readonly #torrent: Torrent;
  readonly #disk: FileCompletionOptions;
  /** The number of missing pieces of each file. */
  readonly #missing: Uint32Array;
  #begun: Promise<readonly number[]> | undefined;
  /** Number of files with content that do not have their names yet. */
  #unnamedCount = 0;
  /** Number of the first files that do not have their names yet. */
  #unnamedFirstCount = 0;
  /** Files that are complete and not flushed. */
  readonly #waiting: CompletedFile[] = [];
  /** Resolves when all first files have their names. */
  readonly #firstNamed = Promise.withResolvers<void>();
  /** Files that an earlier run completed and that wait for `#firstNamed`. */
  readonly #heldSinceBegin: CompletedFile[] = [];
  /** The batch that is flushed and named now; never rejects. */
  #batch: Promise<void> | undefined;
  /** The last write to several files; never rejects. */
  #turn = Promise.resolve();
  /** By piece: the files that the piece completes. */
  readonly #completed = new Map<number, CompletedFile[]>();

  constructor(torrent: Torrent, disk: FileCompletionOptions) {
    this.#torrent = torrent;
    this.#disk = disk;
    this.#missing = new Uint32Array(torrent.files.length);
  }

  /** As `Storage.begin`: puts every file in its place. */
  begin(have: Bitfield): Promise<readonly number[]> {
    return this.#begun ??= this.#begin(have);
  }

  /**
   * Writes to several files, after other such writes. Concurrent writes would open more
   * files than a pool holds. The pool would close files that wait for their flush, and
   * each file would be opened twice.
   */
  async inTurn(fileCount: number, write: () => Promise<void>): Promise<void> {
    if (fileCount === 1) return await write();
    const written = this.#turn.then(write);
    // Harmless: the caller that writes receives the error.
    this.#turn = written.catch(() => {});
    await written;
  }

  /**
   * Content is written. After `begin`, only a whole piece counts as stored: a file must
   * not have its name while the rest of its last piece is lost, as a small file can be
   * verified by that piece alone.
   */
  async stored(
    offsetInTorrent: number,
    length: number,
    fileIndexes: readonly number[],
  ): Promise<void> {
    const { geometry } = this.#torrent;
    const piece = offsetInTorrent / geometry.pieceLength;
    if (this.#begun === undefined || !Number.isInteger(piece)) return;
    if (length !== geometry.pieceLengthAt(piece)) return;
    const completed = this.#completed.get(piece) ?? [];
    for (const fileIndex of fileIndexes) {
      if (--this.#missing[fileIndex]! > 0) continue;
      if (!this.#disk.places.isWanted(fileIndex)) continue;
      // Waits until a batch has room for the file.
      while (this.#waiting.length >= MAX_BATCH_LENGTH) await this.#batch;
      completed.push(this.#publish(fileIndex));
    }
    if (completed.length > 0) this.#completed.set(piece, completed);
  }

  /** True if a file lacks content, or its name. */
  isMissing(fileIndex: number): boolean {
    return this.#missing[fileIndex]! > 0 || this.#disk.places.isPart(fileIndex);
  }

  /** As `Storage.named`. */
  async named(index: number): Promise<readonly number[]> {
    const completed = this.#completed.get(index) ?? [];
    this.#completed.delete(index);
    for (const { promise } of completed) await promise;
    completed.push(...await this.#releaseHeld());
    return completed.map(({ fileIndex }) => fileIndex);
  }

  /** Files that an earlier run completed and that no longer wait for the first ones. */
  async #releaseHeld(): Promise<CompletedFile[]> {
    if (this.#unnamedFirstCount > 0) return [];
    const released = this.#heldSinceBegin.splice(0);
    for (const { promise } of released) await promise;
    return released;
  }

  async #begin(have: Bitfield): Promise<readonly number[]> {
    const missing = this.#missing;
    for (let index = 0; index < have.length; index++) {
      if (have.has(index)) continue;
      for (const fileIndex of this.#filesAt(index)) missing[fileIndex]!++;
    }
    const unnamed = [...missing.keys()].filter((index) =>
      this.#disk.places.isWanted(index) && this.isMissing(index)
    );
    this.#unnamedCount = unnamed.length;
    this.#unnamedFirstCount =
      unnamed.filter((index) => this.#disk.first?.has(index)).length;
    if (unnamed.length === 0) await this.#disk.finish("start");
    const naming: CompletedFile[] = [];
    for (const fileIndex of unnamed) {
      if (missing[fileIndex] === 0) {
        while (this.#waiting.length >= MAX_BATCH_LENGTH) await this.#batch;
        const isHeld = this.#mustWait(fileIndex);
        (isHeld ? this.#heldSinceBegin : naming).push(this.#publish(fileIndex));
      } else if (this.#disk.places.isForeign(fileIndex)) {
        await this.#disk.makePart(fileIndex);
      }
    }
    for (const { promise } of naming) await promise;
    naming.push(...await this.#releaseHeld());
    return naming.map(({ fileIndex }) => fileIndex);
  }

  /** Has a file named in the next batch. */
  #publish(fileIndex: number): CompletedFile {
    const file = { fileIndex, ...Promise.withResolvers<void>() };
    // Harmless: `named` awaits the promise and receives the error, perhaps later.
    file.promise.catch(() => {});
    if (this.#mustWait(fileIndex)) {
      void this.#firstNamed.promise.then(() => this.#startNaming(file));
    } else this.#startNaming(file);
    return file;
  }

  #mustWait(fileIndex: number): boolean {
    return this.#unnamedFirstCount > 0 &&
      this.#disk.first?.has(fileIndex) === false;
  }

  #startNaming(file: CompletedFile): void {
    this.#waiting.push(file);
    this.#batch ??= this.#nameBatch();
  }

  async #nameBatch(): Promise<void> {
    // All files that a piece completes are in one batch.
    await Promise.resolve();
    const batch = this.#waiting.splice(0, MAX_BATCH_LENGTH);
    const flushing = batch.values();
    const flushed = new Set<CompletedFile>();
    // All loops take from one iterator.
    await Promise.all(Array.from({ length: PARALLEL_SYNCS }, async () => {
      for (const file of flushing) {
        const flush = this.#disk.flush(file.fileIndex);
        if (flush === undefined) flushed.add(file);
        else await flush.then(() => flushed.add(file), file.reject);
      }
    }));
    await this.#name(batch.filter((file) => flushed.has(file)));
    this.#batch = this.#waiting.length > 0 ? this.#nameBatch() : undefined;
  }

  async #name(files: readonly CompletedFile[]): Promise<void> {
    const indexes = files.map(({ fileIndex }) => fileIndex);
    const outcomes = await this.#disk.publish(indexes).catch((reason) =>
      indexes.map(() => ({ status: "rejected" as const, reason }))
    );
    for (const [at, { fileIndex, resolve, reject }] of files.entries()) {
      const outcome = outcomes[at]!;
      try {
        if (outcome.status === "rejected") throw outcome.reason;
        const finished = this.#disk.named(fileIndex);
        if (finished instanceof Promise) await finished;
        if (
          this.#disk.first?.has(fileIndex) && --this.#unnamedFirstCount === 0
        ) {
          this.#firstNamed.resolve();
        }
        if (--this.#unnamedCount === 0) await this.#disk.finish("end");
        resolve();
      } catch (error) {
        reject(error);
      }
    }
  }

  /** The files that hold content of a piece. */
  #filesAt(index: number): number[] {
    const { geometry, files } = this.#torrent;
    return this.#disk.spans
      .at(geometry.pieceOffset(index), geometry.pieceLengthAt(index))
      .map(({ fileIndex }) => fileIndex)
      .filter((fileIndex) => isOnDisk(files[fileIndex]!));
  }
}
