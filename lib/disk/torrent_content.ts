/**
 * A torrent's content on the disk for as long as it is shared: locked against
 * other processes, verified at the start except for what the resume record knows,
 * and recorded again when something changed. Invariant: the record on the disk is
 * whole and no newer than the content, as it is replaced only after the content was
 * synced. Its loss costs a verification, so no failure to read or write it is an
 * error.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { join } from "@std/path";
import type { Bitfield } from "../base/bitfield.ts";
import { type ContentChangedError, StorageError } from "../base/errors.ts";
import { piecesOf } from "../metainfo/file_selection.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import {
  type FileStorage,
  type FileStorageOptions,
  openFileStorage,
} from "./file_storage.ts";
import { withDescriptor } from "./file_pool.ts";
import { lockFolder, type LockOptions } from "./folder_lock.ts";
import { OwnFolder } from "./own_folder.ts";
import { openRecordSecret } from "./record_secret.ts";
import {
  encodeResumeRecord,
  type ForeignFile,
  foreignFiles,
  knownPieces,
  maxRecordLength,
  parseResumeRecord,
  type ReadRecord,
  type ResumeRecord,
} from "./resume_record.ts";
import {
  type TakenFiles,
  takeOldFiles,
  type TakeOldFilesOptions,
} from "./old_files.ts";
import { contentChanged, isRefusal } from "../files/storage_failure.ts";
import { isOnDisk } from "./storage.ts";
import { openStagedTree, type StagedTree } from "./staged_tree.ts";
import { verifyStorage, type VerifyStorageOptions } from "./hash_content.ts";

/** Longest that closing waits for the disk, in milliseconds. */
const CLOSE_WAIT_MS = 2_000;

/** Options for {@linkcode openTorrentContent}. */
export interface TorrentContentOptions
  extends FileStorageOptions, LockOptions, Partial<TakeOldFilesOptions> {
  /** Called by `begin` with what was taken of the files in `from`. */
  readonly onTaken?: (taken: TakenFiles) => void;
  /**
   * Makes hard links to old files that are wholly the same, and to which nobody else
   * can write, in the place of copies. @default {false}
   */
  readonly mayLink?: boolean;
  /** Verifies everything, whatever the resume record says. @default {false} */
  readonly mustVerify?: boolean;
  /** Replaces files that hold something else. @default {false} */
  readonly overwrite?: boolean;
  /**
   * Gives the file or folder its name only when all wanted files are complete. An
   * incomplete one under that name is an error of `verify`. @default {false}
   */
  readonly isAtomic?: boolean;
  /**
   * Secret of this user, from `openRecordSecret`: pieces are known only by records
   * that were written with it. @default the one in the user's state folder, or none
   */
  readonly recordSecret?: Uint8Array | undefined;
  /**
   * Pieces that this process has verified, and the stamps of the files then, in the
   * place of the resume record. @default none
   */
  readonly verified?: ResumeRecord | undefined;
}

/**
 * Opens a torrent's content below `dir`, whether or not any of it is there yet.
 * @throws {StorageError} If another process shares it, or as `openFileStorage` does.
 */
export async function openTorrentContent(
  torrent: Torrent,
  options: TorrentContentOptions,
): Promise<TorrentContent> {
  await using opened = new AsyncDisposableStack();
  opened.use(await lockFolder(torrent, options.dir, options));
  const { dir, isAtomic = false } = options;
  const tree = await openStagedTree(torrent, { dir, isAtomic });
  const storage = opened.use(
    await openFileStorage(torrent, { ...options, tree }),
  );
  const { from = [], wanted, signal, mayLink } = options;
  const taken = from.length === 0 ? undefined : await takeOldFiles(torrent, {
    stamps: () => storage.stamps(),
    copyIn: (index, old) => storage.places.copyIn(index, old, { mayLink }),
  }, { from, wanted, signal });
  const recordSecret = options.recordSecret ??
    await withDescriptor(() => openRecordSecret(), options.fdPressure)
      // Harmless: without a secret, everything is verified at each start.
      .catch(() => undefined);
  const resources = opened.move();
  const parts = { ...options, tree, taken, recordSecret, storage, resources };
  return new TorrentContent(torrent, parts);
}

interface TorrentContentParts extends TorrentContentOptions {
  readonly tree: StagedTree;
  readonly taken: TakenFiles | undefined;
  readonly storage: FileStorage;
  /** The storage, closed first, and the lock. */
  readonly resources: AsyncDisposable;
}

/** A torrent's content, opened by {@linkcode openTorrentContent}. */
export class TorrentContent implements AsyncDisposable {
  /** For `Session.addTorrent`; closed with the content. */
  readonly storage: FileStorage;
  readonly #torrent: Torrent;
  readonly #parts: TorrentContentParts;
  readonly #ownFolder: OwnFolder;
  readonly #recordName: string;
  #saving: Promise<void> = Promise.resolve();
  /** True if the record says that everything is stored: nothing more is written. */
  #isFinal = false;

  /** @internal For {@linkcode openTorrentContent}. */
  constructor(torrent: Torrent, parts: TorrentContentParts) {
    this.storage = parts.storage;
    this.#torrent = torrent;
    this.#parts = parts;
    this.#ownFolder = new OwnFolder(parts.dir);
    this.#recordName = `${torrent.infoHash}.resume`;
  }

  /**
   * Finds the pieces that are stored and right, and records them.
   * @throws {StorageError} If the disk cannot be read, or if a file of the torrent's
   * holds something else: not one piece is right, and no record knows the file; or if
   * the name is taken, as `isAtomic` says.
   */
  async verify(
    options: Omit<VerifyStorageOptions, "known"> = {},
  ): Promise<Bitfield> {
    const stamps = await this.storage.stamps();
    const { mustVerify, overwrite, verified } = this.#parts;
    const record = verified === undefined
      ? await this.#load()
      : { ...verified, isProven: true };
    const known = record?.isProven && !mustVerify
      ? knownPieces(this.#torrent, record, stamps)
      : undefined;
    const have = await verifyStorage(this.storage, this.#torrent, {
      ...options,
      ...(known && { known }),
    });
    this.#requireFreeName(have);
    const named = stamps.map((stamp, index) =>
      this.storage.places.isPart(index) ? undefined : stamp
    );
    const foreign = foreignFiles(this.#torrent, named, { have, record });
    const { wanted } = this.#parts;
    // An unproven file stays, and is compared with the content once that is complete.
    const stays = ({ fileIndex, isUnproven }: ForeignFile): boolean =>
      wanted?.has(fileIndex) === false || (isUnproven && !overwrite);
    const inTheWay = foreign.filter((file) => !stays(file));
    if (!overwrite && inTheWay.length > 0) throw this.#refusal(inTheWay);
    const staying = foreign.filter(stays);
    this.storage.expect(stamps, staying.map(({ fileIndex }) => fileIndex));
    this.#isFinal = have.isFull && known?.known.isFull === true &&
      verified === undefined;
    if (this.#isFinal) return have;
    const saved = this.save(() => have);
    // Before the first write: a file that is not whole yet has no right piece.
    if (!have.isFull) await saved;
    return have;
  }

  /**
   * Makes ready for what is missing, before anything is fetched: the first missing
   * piece can be stored, and every file is in its place, as `FileStorage.begin` says.
   * @param have As returned by `verify`.
   * @returns The paths of the files that get their names by it: complete ones that an
   * earlier run left, or that were taken of `from`.
   * @throws {StorageError} If the folder or a file cannot be written.
   */
  async begin(have: Bitfield): Promise<(readonly string[])[]> {
    const index = this.#firstMissing(have);
    if (index !== undefined) {
      const offset = this.#torrent.geometry.pieceOffset(index);
      await withDescriptor(
        () => this.storage.checkWritable(offset),
        this.#parts.fdPressure,
      );
    }
    const named = await this.storage.begin(have);
    this.#reportTaken();
    // Finishes files that were complete before, as a crash may have left work undone.
    await this.storage.finishFiles();
    return named.map((fileIndex) => this.#torrent.files[fileIndex]!.path);
  }

  /**
   * The error if the files have lost stored content, as when a file was deleted during
   * a download; else `undefined`.
   * @throws {StorageError} If something else stands where a file must be.
   */
  async findChange(): Promise<ContentChangedError | undefined> {
    const stamps = await this.storage.stamps();
    for (const [index, file] of this.#torrent.files.entries()) {
      const size = stamps[index]?.size;
      const isLeftOut = this.#parts.wanted?.has(index) === false;
      if (!isOnDisk(file) || isLeftOut || size === file.length) continue;
      const change = size === undefined ? "gone" : "resized";
      return contentChanged(file.path.join("/"), change);
    }
    return undefined;
  }

  /**
   * Syncs everything that was written, then records the verified pieces; best
   * called when nothing is being written.
   * @param have Returns the verified pieces; called after the sync.
   */
  save(have: () => Bitfield): Promise<void> {
    return this.#saving = this.#saving.then(() => this.#save(have));
  }

  /** Saves, unless the disk takes too long, and closes the files. */
  async close(have: () => Bitfield): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      if (!this.#isFinal) await this.#save(have);
    });
    await this[Symbol.asyncDispose]();
  }

  /** Closes the files, after a save that runs, unless that takes too long. */
  async [Symbol.asyncDispose](): Promise<void> {
    await abortable(this.#saving, AbortSignal.timeout(CLOSE_WAIT_MS))
      // Harmless: what is not recorded is verified again.
      .catch(() => {});
    await this.#parts.resources[Symbol.asyncDispose]();
  }

  /** Reports what was taken of old files; links that lack something are copies now. */
  #reportTaken(): void {
    const { taken, onTaken } = this.#parts;
    if (taken === undefined) return;
    const { places } = this.storage;
    const isPart = (index: number): boolean => places.isPart(index);
    // Those that wait for the first files are links still.
    const linked = taken.linked
      .filter((index) => !isPart(index) || places.isForeign(index));
    const { different = 0 } = taken.copied;
    const count = different + taken.linked.length - linked.length;
    const copied = { ...taken.copied, ...count > 0 && { different: count } };
    onTaken?.({ ...taken, linked, begun: taken.begun.filter(isPart), copied });
  }

  /** The first piece that is wanted and missing, if there is one. */
  #firstMissing(have: Bitfield): number | undefined {
    const { wanted } = this.#parts;
    const pieces = wanted && piecesOf(this.#torrent, wanted);
    for (let index = 0; index < have.length; index++) {
      if (!have.has(index) && pieces?.has(index) !== false) return index;
    }
    return undefined;
  }

  #requireFreeName(have: Bitfield): void {
    const { isAtomic, tree, dir } = this.#parts;
    if (!isAtomic || !tree.isTaken) return;
    if (this.#firstMissing(have) === undefined) return;
    const path = join(dir, this.#torrent.files[0]!.path[0]!);
    throw new StorageError(
      `Cannot store ${path} in one step: something has that name and is not the ` +
        "complete content; move it away, choose another folder, or complete it in " +
        "its place without --atomic",
    );
  }

  #refusal(inTheWay: readonly ForeignFile[]): StorageError {
    const { path } = this.#torrent.files[inTheWay[0]!.fileIndex]!;
    const place = join(this.#parts.dir, ...path);
    const count = inTheWay.length;
    const others = count > 1 ? ` (and ${count - 1} more)` : "";
    return new StorageError(
      `Cannot store ${place}${others}: the file that is there holds no piece of ` +
        "the torrent; move it away, choose another folder or replace it with --force",
    );
  }

  async #load(): Promise<ReadRecord | undefined> {
    const { fdPressure, recordSecret } = this.#parts;
    const maxLength = maxRecordLength(this.#torrent);
    const bytes = await withDescriptor(
      () => this.#ownFolder.read(this.#recordName, maxLength),
      fdPressure,
    );
    return bytes && parseResumeRecord(this.#torrent, bytes, recordSecret);
  }

  async #save(getHave: () => Bitfield): Promise<void> {
    const { fdPressure, recordSecret } = this.#parts;
    try {
      const stamps = await this.storage.settle();
      // A piece that was stored during the sync is in `have`, but its file has no
      // stamp, so the record proves nothing about it.
      const have = getHave();
      const record = { have, stamps };
      const bytes = encodeResumeRecord(this.#torrent, record, recordSecret);
      await withDescriptor(
        () => this.#ownFolder.replace(this.#recordName, bytes),
        fdPressure,
      );
      this.#isFinal = have.isFull;
    } catch (error) {
      // Harmless: the next start verifies again.
      if (!isRefusal(error)) throw error;
    }
  }
}
