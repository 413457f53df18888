/**
 * A torrent's content in files below one folder. Invariants: nothing outside that
 * folder is written, and it is read only through a link directly below the folder; a
 * complete file is never opened for writing, so that a read-only folder can be
 * seeded; files grow sparse (but NTFS fills gaps with zeros).
 *
 * Of a file that is longer than in the torrent, the last byte counts as missing:
 * its last piece is fetched again, and the first write truncates the file. Empty
 * files are made when the storage opens. Padding files [BEP 47] are never on the
 * disk and read as zeros.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import { StorageError } from "../base/errors.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import { FileSpans } from "../metainfo/file_spans.ts";
import {
  isRegularFile,
  type Torrent,
  type TorrentFile,
} from "../metainfo/torrent.ts";
import { FilePool, withDescriptor } from "./file_pool.ts";
import { type FileStamp, FileSystem } from "./file_system.ts";
import { modeOf } from "./file_modes.ts";
import { FileFinisher } from "./file_finisher.ts";
import { GuardedFolder } from "./guarded_folder.ts";
import type { Access } from "./guarded_paths.ts";
import { probeNames } from "./name_probe.ts";
import { requireOtherName } from "./own_folder.ts";
import { ServedFiles } from "./served_files.ts";
import {
  type ByteRange,
  type ContentFiles,
  splitBytes,
  type Storage,
} from "./storage.ts";
import { errorCode, MOVE_AWAY, storageFailure } from "./storage_failure.ts";
import { existingFolder, tryToWrite } from "./write_trial.ts";

/**
 * Files to fsync side by side, which a journaling file system commits together. Deno
 * has 32 threads for calls of files and of its output, which must not all wait.
 */
const PARALLEL_SYNCS = 8;

/** Windows alone syncs no file that is open for reading; a write costs more checks. */
const SYNC_ACCESS = Deno.build.os === "windows" ? "write" : "read";

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
  /** Receives a line about links that could not be made. @default {nothing} */
  readonly onWarning?: (text: string) => void;
}

/**
 * Opens the files of a torrent below `dir`. Makes the torrent's empty files; where
 * the folder cannot be written they are left out, so that a complete download can
 * be seeded from there.
 * @throws {StorageError} If a symbolic link, or something else that is not a file,
 * stands in a file's place, or content in that of an empty file; if the file system
 * does not take a name, or takes two for one.
 */
export async function openFileStorage(
  torrent: Torrent,
  options: FileStorageOptions,
): Promise<FileStorage> {
  requireOtherName(torrent, options.dir);
  await probeNames(torrent, options);
  const storage = new FileStorage(torrent, options);
  await withDescriptor(() => storage.makeEmptyFiles(), options.fdPressure);
  return storage;
}

/** A torrent's files, which detect that another program modified them. */
export class FileStorage implements Storage {
  /** The files, for workers to verify. */
  readonly files: ContentFiles;
  readonly #finisher: FileFinisher;
  readonly #files: readonly TorrentFile[];
  readonly #spans: FileSpans;
  readonly #fileSystem = new FileSystem();
  readonly #folder: GuardedFolder;
  readonly #pool: FilePool;
  /** Indexes of files that were written and not yet synced. */
  #unsynced = new Set<number>();
  readonly #served: ServedFiles;
  /** Indexes of files that may be written: those found by `expect`, and new ones. */
  #ours: Set<number> | undefined;

  /** @internal For {@linkcode openFileStorage}. */
  constructor(torrent: Torrent, options: FileStorageOptions) {
    const { files } = torrent;
    const { dir, maxOpenFiles = 64, fdPressure } = options;
    this.files = { guardedDir: dir, files };
    this.#files = files;
    this.#spans = new FileSpans(files);
    this.#folder = new GuardedFolder(dir, {
      fileSystem: this.#fileSystem,
      readsFollowLinks: true,
    });
    const folder = this.#folder;
    this.#finisher = new FileFinisher(torrent, { ...options, folder });
    this.#served = new ServedFiles(files, this.#folder);
    this.#pool = new FilePool(
      (fileIndex, access) => this.#open(fileIndex, access),
      maxOpenFiles,
      fdPressure,
    );
  }

  /** @internal For {@linkcode openFileStorage}. */
  async makeEmptyFiles(): Promise<void> {
    const files = this.#files
      .filter((file) => file.length === 0 && isRegularFile(file));
    const stamps = await this.#folder.stamps(files.map(({ path }) => path));
    for (const [index, file] of files.entries()) {
      const { path } = file;
      const size = stamps[index]?.size;
      if (size === 0) continue;
      if (size !== undefined) {
        const filePath = this.#folder.pathOf(path);
        throw new StorageError(
          `Cannot use ${filePath}: it holds ${size} bytes and the torrent says it is empty; ${MOVE_AWAY}`,
        );
      }
      try {
        const mode = modeOf(file);
        (await this.#folder.open(path, "write", { mode }))[Symbol.dispose]();
      } catch (error) {
        const code = errorCode(error instanceof Error && error.cause) ?? "";
        // Harmless: no content is missing, and the first write reports the same.
        if (!["EROFS", "EACCES", "EPERM"].includes(code)) throw error;
      }
    }
  }

  /**
   * Fills `into` with the content from `offsetInTorrent`.
   * @throws {ContentChangedError} If a file does not have the stamp it must have.
   */
  async read(offsetInTorrent: number, into: Uint8Array): Promise<void> {
    for (const span of splitBytes(this.#spans, offsetInTorrent, into)) {
      const { fileIndex, offsetInFile, bytes } = span;
      if (this.#files[fileIndex]!.isPadding) {
        bytes.fill(0);
        continue;
      }
      const read = (file: Deno.FsFile): Promise<void> =>
        this.#fileSystem.read(file, offsetInFile, bytes);
      const failure = await this.#use(fileIndex, "read", read)
        .catch((error) => error);
      this.#served.add(fileIndex);
      if (failure === undefined) continue;
      await this.#served.check();
      throw failure;
    }
    await this.#served.checkRead();
  }

  /** Checks bytes that were read before they are served, perhaps once more. */
  checkServed(
    offsetInTorrent: number,
    length: number,
  ): Promise<void> | undefined {
    return this.#served.checkServed(offsetInTorrent, length);
  }

  /** Stores `bytes`; the files that hold them may now have any stamp. */
  async write(offsetInTorrent: number, bytes: Uint8Array): Promise<void> {
    for (const span of splitBytes(this.#spans, offsetInTorrent, bytes)) {
      const { fileIndex, offsetInFile } = span;
      if (this.#files[fileIndex]!.isPadding) continue;
      this.#unsynced.add(fileIndex);
      this.#served.expected[fileIndex] = undefined;
      await this.#use(
        fileIndex,
        "write",
        (file) => this.#fileSystem.write(file, offsetInFile, span.bytes),
      );
      // Again: a sync may have run before the write.
      this.#unsynced.add(fileIndex);
    }
  }

  /** The content in files that exist, right or wrong. */
  async presentRanges(): Promise<readonly ByteRange[]> {
    const ranges: { offsetInTorrent: number; length: number }[] = [];
    const stamps = await this.stamps();
    let offsetInTorrent = 0;
    for (const [index, file] of this.#files.entries()) {
      const size = stamps[index]?.size ?? 0;
      const fileLength = size > file.length ? file.length - 1 : size;
      const length = isOnDisk(file) ? fileLength : file.length;
      const last = ranges.at(-1);
      if (last && last.offsetInTorrent + last.length === offsetInTorrent) {
        last.length += length;
      } else if (length > 0) {
        ranges.push({ offsetInTorrent, length });
      }
      offsetInTorrent += file.length;
    }
    return ranges;
  }

  /**
   * The stamp of each file of the torrent, without opening it; `undefined` for one
   * that is missing or never on the disk.
   * @throws {StorageError} If something else stands where a file must be.
   */
  async stamps(): Promise<(FileStamp | undefined)[]> {
    const paths = this.#files.filter(isOnDisk).map(({ path }) => path);
    const stamps = (await this.#folder.stamps(paths)).values();
    return this.#files.map((file) =>
      isOnDisk(file) ? stamps.next().value : undefined
    );
  }

  /**
   * Syncs everything that was written, so that it survives a crash of the machine.
   * @returns The stamp of each file with what was written and expected;
   * `undefined` where there is none, as of files that were written meanwhile.
   * @throws {StorageError} If the disk refuses.
   */
  async settle(): Promise<(FileStamp | undefined)[]> {
    const written = [...this.#unsynced];
    this.#unsynced = new Set();
    try {
      for (let at = 0; at < written.length; at += PARALLEL_SYNCS) {
        await Promise.all(
          written.slice(at, at + PARALLEL_SYNCS).map((fileIndex) =>
            this.#use(fileIndex, SYNC_ACCESS, (file) => file.sync())
          ),
        );
      }
    } catch (error) {
      for (const fileIndex of written) this.#unsynced.add(fileIndex);
      throw error;
    }
    const now = await this.stamps();
    // All other files must stay as they were verified.
    for (const fileIndex of written) {
      this.#served.expected[fileIndex] = now[fileIndex];
    }
    this.expect(this.#served.expected);
    return [...this.#served.expected];
  }

  /**
   * From now on `read` throws a {@linkcode ContentChangedError} if a file does not
   * have its stamp, until this storage writes to it, and `write` throws if a file
   * without a stamp exists that this storage did not create.
   * @param stamps As returned by `stamps` before the files were verified.
   */
  expect(stamps: readonly (FileStamp | undefined)[]): void {
    this.#served.expected = stamps.map((stamp, fileIndex) =>
      this.#unsynced.has(fileIndex) ? undefined : stamp
    );
    const ours = this.#ours ??= new Set();
    for (const [fileIndex, stamp] of stamps.entries()) {
      if (stamp !== undefined) ours.add(fileIndex);
    }
  }

  /** Gives complete files what the torrent says of them: executable bits, links. */
  finishFiles(have: Bitfield): Promise<void> {
    return this.#finisher.finish(have);
  }

  /**
   * Checks that the file with this byte can be written, or made in its folder.
   * @throws {StorageError} If the system refuses.
   */
  async checkWritable(offsetInTorrent: number): Promise<void> {
    const [span] = this.#spans.at(offsetInTorrent, 1);
    const { path, isPadding } = this.#files[span!.fileIndex]!;
    if (isPadding) return;
    const [stamp] = await this.#folder.stamps([path]);
    if (stamp !== undefined) {
      return (await this.#folder.open(path, "write"))[Symbol.dispose]();
    }
    // The download folder alone is made now.
    await this.#folder.makeFolders(path.slice(0, 1));
    const folder = this.#folder.pathOf(path.slice(0, -1));
    await tryToWrite(await existingFolder(folder));
  }

  /** Closes the files once pending reads and writes have ended. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }

  #pathAt(fileIndex: number): string {
    return this.#folder.pathOf(this.#files[fileIndex]!.path);
  }

  /** Uses an open file. @throws {StorageError} That explains what went wrong. */
  async #use(
    fileIndex: number,
    access: Access,
    task: (file: Deno.FsFile) => Promise<void>,
  ): Promise<void> {
    await this.#pool.use(fileIndex, access, task).catch((error) => {
      throw storageFailure(access, this.#pathAt(fileIndex), error);
    });
  }

  async #open(fileIndex: number, access: Access): Promise<Deno.FsFile> {
    const torrentFile = this.#files[fileIndex]!;
    const { path, length } = torrentFile;
    const { file, stamp, isNew } = await this.#folder.open(path, access, {
      expected: this.#served.expected[fileIndex],
      mode: modeOf(torrentFile),
    });
    const write = access === "write";
    if (isNew) this.#ours?.add(fileIndex);
    try {
      if (write && this.#ours?.has(fileIndex) === false) {
        const filePath = this.#folder.pathOf(path);
        throw new StorageError(
          `Cannot write ${filePath}: another program made it meanwhile; ${MOVE_AWAY}`,
        );
      }
      if (write && stamp.size > length) await file.truncate(length);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }
}

/** True if a file has content that must be on the disk. */
function isOnDisk(file: TorrentFile): boolean {
  return !file.isPadding && file.length > 0;
}
