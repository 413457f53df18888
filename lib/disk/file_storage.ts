/**
 * A torrent's content in files below one folder. Invariants: nothing outside that
 * folder is written, and it is read only through a link directly below the folder; a
 * complete file is never opened for writing, so that a read-only folder can be
 * seeded; a file that is written is a part (`file_places.ts`) until all of it is
 * verified and flushed; files grow sparse (but NTFS fills gaps with zeros).
 *
 * Of a file that is longer than in the torrent, the last byte counts as missing:
 * its last piece is fetched again, and the first write truncates the file. Padding
 * files [BEP 47] are never on the disk and read as zeros.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import { FileSpans } from "../metainfo/file_spans.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import { FileCompletion } from "./file_completion.ts";
import { FilePlaces } from "./file_places.ts";
import { FileFinisher } from "./file_finisher.ts";
import { FileSyncs } from "./file_syncs.ts";
import { modeOf } from "../files/file_modes.ts";
import { FilePool, withDescriptor } from "./file_pool.ts";
import { type FileStamp, stampOf } from "../files/file_system.ts";
import { GuardedFolder } from "../files/guarded_folder.ts";
import type { Access } from "../files/guarded_paths.ts";
import { probeNames } from "./name_probe.ts";
import { requireOtherName } from "./own_folder.ts";
import { ServedFiles } from "./served_files.ts";
import type { StagedTree } from "./staged_tree.ts";
import {
  type ByteRange,
  type ContentFiles,
  isZero,
  type LendPlace,
  rangesOf,
  splitBytes,
  type Storage,
} from "./storage.ts";
import { storageFailure } from "../files/storage_failure.ts";

/** Options for {@linkcode openFileStorage}. */
export interface FileStorageOptions {
  /** The download folder; made, with the folders above it, at the first write. */
  readonly dir: string;
  /** Most files held open. @default {64} */
  readonly maxOpenFiles?: number;
  /**
   * The session's, so that files and connections make room for each other where
   * the system allows few open files. @default none
   */
  readonly fdPressure?: FdPressure;
  /** The files to store under their names, by index. @default {all} */
  readonly wanted?: Bitfield | undefined;
  /** The files that get their names before all others, by index. @default {none} */
  readonly first?: Bitfield | undefined;
  /** Receives a line about links that could not be made. @default {nothing} */
  readonly onWarning?: (text: string) => void;
  /** @internal The paths of the files, if they differ from the torrent's. */
  readonly tree?: StagedTree | undefined;
}

/**
 * Opens the files of a torrent below `dir`.
 * @throws {StorageError} If a symbolic link, or something else that is not a file,
 * stands in a file's place, or content in the place of an empty file; if the file system
 * refuses a name, or takes two names for one.
 */
export async function openFileStorage(
  torrent: Torrent,
  options: FileStorageOptions,
): Promise<FileStorage> {
  requireOtherName(torrent, options.dir);
  await probeNames(torrent, options);
  const storage = new FileStorage(options.tree?.torrent ?? torrent, options);
  await withDescriptor(() => storage.find(), options.fdPressure);
  return storage;
}

/** A torrent's files, which detect that another program modified them. */
export class FileStorage implements Storage {
  /** @internal For those who open a storage. */
  readonly places: FilePlaces;
  readonly #files: readonly TorrentFile[];
  readonly #spans: FileSpans;
  readonly #folder: GuardedFolder;
  readonly #pool: FilePool;
  readonly #syncs: FileSyncs;
  readonly #served: ServedFiles;
  readonly #completion: FileCompletion;
  readonly #finisher: FileFinisher;

  /** @internal For {@linkcode openFileStorage}. */
  constructor(torrent: Torrent, options: FileStorageOptions) {
    const { dir, maxOpenFiles = 64, fdPressure, tree, onWarning } = options;
    this.#files = torrent.files;
    this.#spans = new FileSpans(this.#files);
    const folder = new GuardedFolder(dir, { readsFollowLinks: true });
    this.#folder = folder;
    const count = this.#files.length;
    const { wanted = Bitfield.full(count), first } = options;
    this.places = new FilePlaces(torrent, { wanted, folder });
    const syncs = new FileSyncs(count, (...use) => this.#use(...use));
    this.#syncs = syncs;
    this.#served = new ServedFiles(folder, { places: this.places, syncs });
    this.#finisher = new FileFinisher(torrent, {
      ...{ folder, places: this.places, onWarning },
      reveal: async () => {
        if (!tree?.isStaged) return;
        await this.#pool.whileClosed(() => tree.reveal(() => syncs.moved()));
      },
    });
    const open = this.#open.bind(this);
    this.#pool = new FilePool(open, maxOpenFiles, fdPressure);
    this.#completion = new FileCompletion(torrent, {
      ...{ spans: this.#spans, places: this.places, first },
      flush: (fileIndex) => syncs.sync(fileIndex),
      publish: (fileIndexes) => this.#publish(fileIndexes),
      named: (fileIndex) => this.#finisher.finishFile(fileIndex),
      makePart: (fileIndex) => {
        syncs.expected[fileIndex] = undefined; // A copy has another time.
        return this.#use(fileIndex, "write", () => Promise.resolve());
      },
      finish: async (since) => {
        await withDescriptor(async () => {
          await this.#finisher.makeEmptyFiles();
          await this.places.finish();
        }, fdPressure);
        if (since === "end") await this.#finisher.finishRest();
      },
    });
  }

  /** @internal Finds what an earlier run left. */
  async find(): Promise<void> {
    await this.#finisher.findMissingEmptyFiles();
    await this.places.find();
  }

  /** The files where they are now. */
  get files(): ContentFiles {
    const files = this.#files.map((file, index) => (
      { ...file, path: this.places.pathOf(index) }
    ));
    return { guardedDir: this.#folder.pathOf([]), files };
  }

  /** Fills `into`. @throws {ContentChangedError} If a file has another stamp now. */
  async read(offsetInTorrent: number, into: Uint8Array): Promise<void> {
    for (const span of splitBytes(this.#spans, offsetInTorrent, into)) {
      const { fileIndex, offsetInFile, bytes } = span;
      if (this.#files[fileIndex]!.isPadding) {
        bytes.fill(0);
        continue;
      }
      const read = (file: Deno.FsFile): Promise<void> =>
        this.#folder.fileSystem.read(file, offsetInFile, bytes);
      const failure = await this.#use(fileIndex, "read", read)
        .catch((error) => error);
      this.#served.add(fileIndex);
      if (failure === undefined) continue;
      await this.#served.check();
      throw failure;
    }
    await this.#served.checkRead();
  }

  /** As {@linkcode Storage.checkServed}. */
  checkServed(offset: number, length: number): Promise<void> | undefined {
    return this.#served.checkServed(offset, length);
  }

  /**
   * Stores `bytes`; the files that hold them may now have any stamp. After `begin`, a
   * whole piece counts as stored: a file that lacks no other piece gets its name.
   */
  async write(offsetInTorrent: number, bytes: Uint8Array): Promise<void> {
    const spans = splitBytes(this.#spans, offsetInTorrent, bytes)
      .filter(({ fileIndex }) => !this.#files[fileIndex]!.isPadding);
    const indexes = spans.map(({ fileIndex }) => fileIndex);
    await this.#completion.inTurn(spans.length, async () => {
      for (const span of spans) await this.#writeSpan(span);
      await this.#completion.stored(offsetInTorrent, bytes.length, indexes);
    });
  }

  async #writeSpan(
    { fileIndex, offsetInFile, bytes }: ReturnType<typeof splitBytes>[number],
  ): Promise<void> {
    this.#syncs.expected[fileIndex] = undefined;
    const { length } = this.#files[fileIndex]!;
    const created = bytes.length === length
      ? await this.places.create(fileIndex, bytes)
      : undefined;
    if (created !== undefined) {
      const isClosed = this.#syncs.addNew(fileIndex, created);
      return isClosed ? undefined : this.#pool.addNew(fileIndex, created);
    }
    const write = async (file: Deno.FsFile): Promise<void> => {
      // In a new file, a range that is not written reads as zeros.
      const isHole = this.places.isNew(fileIndex) && isZero(bytes);
      if (isHole) await file.truncate(length);
      else await this.#folder.fileSystem.write(file, offsetInFile, bytes);
    };
    const use = () => this.#use(fileIndex, "write", write);
    await this.#syncs.during(fileIndex, use);
  }

  /** Lends the place of a piece, unless the piece lies in several files. */
  readonly lend: LendPlace = async ({ offsetInTorrent, length }, use) => {
    const [span, ...others] = this.#spans.at(offsetInTorrent, length);
    const { fileIndex, offsetInFile } = span!;
    const { isPadding } = this.#files[fileIndex]!;
    if (others.length > 0 || isPadding) return await use();
    const used = await this.#syncs.during(fileIndex, async () => {
      const stat = (file: Deno.FsFile) => file.stat();
      const stamp = stampOf(await this.#use(fileIndex, "write", stat));
      const guardedDir = this.#folder.pathOf([]);
      const path = this.places.pathOf(fileIndex);
      const isNew = this.places.isNew(fileIndex);
      return await use({ guardedDir, path, stamp, offsetInFile, isNew });
    });
    if (used.isWritten) {
      await this.#completion.stored(offsetInTorrent, length, [fileIndex]);
    }
    return used;
  };

  /** The content in files that exist, right or wrong. */
  async presentRanges(): Promise<readonly ByteRange[]> {
    return rangesOf(this.#files, await this.stamps());
  }

  /** The stamp of each file; `undefined` for a file that is missing or never on the disk. */
  async stamps(): Promise<(FileStamp | undefined)[]> {
    const stamps = await this.places.stamps(this.#files.keys());
    return this.#files.map((_, fileIndex) => stamps.get(fileIndex));
  }

  /**
   * Syncs all writes, so that they survive a crash of the machine.
   * @returns The stamp of each file that holds what was written and expected;
   * `undefined` for other files, such as files written meanwhile and files of which a
   * sync has failed.
   * @throws {StorageError} If the disk refuses.
   */
  settle(): Promise<(FileStamp | undefined)[]> {
    return this.#syncs.settle(this.places);
  }

  /**
   * From now on `read` throws a {@linkcode ContentChangedError} if a file has another
   * stamp, until this storage writes to it, and no other file is taken over.
   * @param stamps As returned by `stamps` before the files were verified.
   * @param foreign Indexes of files that hold something else, or may, and stay.
   */
  expect(
    stamps: readonly (FileStamp | undefined)[],
    foreign: readonly number[] = [],
  ): void {
    this.#syncs.expect(stamps);
    this.places.setNamed(stamps, foreign);
  }

  /**
   * Checks that the file with this byte can be written, and made in its folder.
   * @throws {StorageError} If the system refuses.
   */
  checkWritable(offsetInTorrent: number): Promise<void> {
    const [span] = this.#spans.at(offsetInTorrent, 1);
    return this.places.checkWritable(span!.fileIndex);
  }

  /**
   * Puts every file in its place: a complete file under its name, an incomplete file
   * among the parts. Later calls do nothing.
   * @returns The indexes of the files that this call names.
   */
  begin(have: Bitfield): Promise<readonly number[]> {
    return this.#completion.begin(have);
  }

  /** After `begin`, gives complete files their executable bits and links. */
  finishFiles(): Promise<void> {
    return this.#finisher.finish((index) => this.#completion.isMissing(index));
  }

  /** As {@linkcode Storage.named}. */
  named(index: number): Promise<readonly number[]> {
    return this.#completion.named(index);
  }

  /** Closes the files once pending reads and writes have ended. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }

  /** Gives complete parts, which are flushed, their names. */
  #publish(
    fileIndexes: readonly number[],
  ): Promise<PromiseSettledResult<FileStamp>[]> {
    return this.#pool.reserve(fileIndexes, async () => {
      for (const index of fileIndexes) this.#syncs.expected[index] = undefined;
      const outcomes = await this.places.publish(fileIndexes);
      for (const [at, fileIndex] of fileIndexes.entries()) {
        const outcome = outcomes[at]!;
        if (outcome.status === "rejected") continue;
        this.#syncs.named(fileIndex, outcome.value);
        // No system runs a program that is open for writing.
        this.#pool.close(fileIndex);
      }
      return outcomes;
    });
  }

  /** Uses an open file. @throws {StorageError} That explains what went wrong. */
  async #use<T>(
    fileIndex: number,
    access: Access,
    task: (file: Deno.FsFile) => Promise<T>,
  ): Promise<T> {
    return await this.#pool.use(fileIndex, access, task).catch((error) => {
      // The path that users know, not the path of the part.
      const path = this.#folder.pathOf(this.#files[fileIndex]!.path);
      throw storageFailure(access, path, error);
    });
  }

  async #open(fileIndex: number, access: Access): Promise<Deno.FsFile> {
    const write = access === "write";
    if (write) await this.places.makePart(fileIndex);
    const path = this.places.pathOf(fileIndex);
    const opened = await this.#folder.open(path, write ? "part" : access, {
      expected: this.#syncs.expected[fileIndex],
      mode: modeOf(this.#files[fileIndex]!),
    });
    const { file, stamp: { size } } = opened;
    const { length } = this.#files[fileIndex]!;
    try {
      this.places.opened(fileIndex, opened);
      if (write && size > length) await file.truncate(length);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }
}
