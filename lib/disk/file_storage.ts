/**
 * A torrent's content in files below one folder. Invariants: nothing outside that
 * folder is touched; a file whose content is complete is never opened for writing,
 * so that a read-only folder can be seeded; files grow sparse and nothing is
 * reserved ahead (NTFS fills gaps with zeros, and Deno cannot ask for a sparse file
 * there).
 *
 * A file that is longer than in the torrent lacks its last byte by definition: its
 * last piece is fetched again, and the file is truncated when one of its pieces is
 * first written. Empty files hold no piece, so they are made when the storage
 * opens. Padding files [BEP 47] are never on the disk and read as zeros.
 *
 * @module
 */
import { ContentChangedError, StorageError } from "../base/errors.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import { type FileSpan, FileSpans } from "../metainfo/file_spans.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import { FilePool, type FilePoolOptions } from "./file_pool.ts";
import { type FileStamp, isUnmodified, stampOf } from "./file_stamp.ts";
import { type Access, GuardedFolder } from "./guarded_folder.ts";
import { probeNames } from "./name_probe.ts";
import { requireOtherName } from "./own_folder.ts";
import type { ByteRange, ContentFiles, Storage } from "./storage.ts";
import { errorCode, storageFailure } from "./storage_failure.ts";
import { SyncWhenFast } from "./sync_when_fast.ts";

/** Files to fsync side by side, which a journaling file system commits together. */
const PARALLEL_SYNCS = 16;

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
  const { dir, maxOpenFiles = 64, fdPressure } = options;
  requireOtherName(torrent, dir);
  await probeNames(torrent, dir);
  const fileSystem = new SyncWhenFast();
  const folder = new GuardedFolder(dir, fileSystem);
  await makeEmptyFiles(folder, torrent.files);
  const parts = { folder, fileSystem, maxOpenFiles, fdPressure };
  return new FileStorage(torrent, parts);
}

interface FileStorageParts extends FilePoolOptions {
  readonly folder: GuardedFolder;
  readonly fileSystem: SyncWhenFast;
}

/** A torrent's files, which can tell later whether another program modified them. */
export class FileStorage implements Storage {
  /** The files, for workers to verify. */
  readonly files: ContentFiles;
  readonly #torrent: Torrent;
  readonly #spans: FileSpans;
  readonly #folder: GuardedFolder;
  readonly #fileSystem: SyncWhenFast;
  readonly #pool: FilePool;
  /** Indexes of files that were written and not yet synced. */
  #unsynced = new Set<number>();
  /** The stamp that each file must have; `undefined` if it may be modified. */
  #expected: (FileStamp | undefined)[];

  /** @internal For {@linkcode openFileStorage}. */
  constructor(torrent: Torrent, parts: FileStorageParts) {
    this.files = { guardedDir: parts.folder.dir, files: torrent.files };
    this.#torrent = torrent;
    this.#expected = torrent.files.map(() => undefined);
    this.#spans = new FileSpans(torrent.files);
    this.#folder = parts.folder;
    this.#fileSystem = parts.fileSystem;
    this.#pool = new FilePool(
      (fileIndex, access) => this.#open(fileIndex, access),
      parts,
    );
  }

  /**
   * Fills `into` with the content from `offsetInTorrent`.
   * @throws {ContentChangedError} If a file is not as expected.
   */
  read(offsetInTorrent: number, into: Uint8Array): Promise<void> {
    return this.#transfer("read", offsetInTorrent, into);
  }

  /** Stores `bytes`. What was expected of the files that hold them is forgotten. */
  write(offsetInTorrent: number, bytes: Uint8Array): Promise<void> {
    return this.#transfer("write", offsetInTorrent, bytes);
  }

  /** The content in files that exist, right or wrong. */
  async presentRanges(): Promise<readonly ByteRange[]> {
    const ranges: { offsetInTorrent: number; length: number }[] = [];
    const stamps = await this.stamps();
    let offsetInTorrent = 0;
    for (const [index, file] of this.#torrent.files.entries()) {
      const length = isOnDisk(file)
        ? presentLength(file, stamps[index]?.size ?? 0)
        : file.length;
      const last = ranges.at(-1);
      if (
        last !== undefined &&
        last.offsetInTorrent + last.length === offsetInTorrent
      ) {
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
    const { files } = this.#torrent;
    const stamps = await this.#folder.stamps(
      files.filter(isOnDisk).map(({ path }) => path),
    );
    let next = 0;
    return files.map((file) => isOnDisk(file) ? stamps[next++] : undefined);
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
        const batch = written.slice(at, at + PARALLEL_SYNCS);
        await Promise.all(batch.map((fileIndex) => this.#sync(fileIndex)));
      }
    } catch (error) {
      for (const fileIndex of written) this.#unsynced.add(fileIndex);
      throw error;
    }
    const now = await this.stamps();
    // All other files must stay as they were verified.
    for (const fileIndex of written) this.#expected[fileIndex] = now[fileIndex];
    for (const fileIndex of this.#unsynced) {
      this.#expected[fileIndex] = undefined;
    }
    return [...this.#expected];
  }

  /**
   * From now on `read` throws a {@linkcode ContentChangedError} if a file does not
   * have its stamp, until this storage writes to it.
   * @param stamps As returned by `stamps` before the files were verified.
   */
  expect(stamps: readonly (FileStamp | undefined)[]): void {
    this.#expected = stamps.map((stamp, fileIndex) =>
      this.#unsynced.has(fileIndex) ? undefined : stamp
    );
  }

  /** Closes the files once pending reads and writes have ended. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }

  async #transfer(
    access: Access,
    offsetInTorrent: number,
    bytes: Uint8Array,
  ): Promise<void> {
    let done = 0;
    for (const span of this.#spans.at(offsetInTorrent, bytes.length)) {
      const { path, isPadding } = this.#torrent.files[span.fileIndex]!;
      const part = bytes.subarray(done, done += span.length);
      try {
        if (!isPadding) await this.#transferPart(access, span, part);
        else if (access === "read") part.fill(0);
      } catch (error) {
        throw storageFailure(access, this.#folder.pathOf(path), error);
      }
    }
  }

  async #transferPart(
    access: Access,
    { fileIndex, offsetInFile }: FileSpan,
    part: Uint8Array,
  ): Promise<void> {
    if (access === "read") {
      return await this.#pool.use(fileIndex, access, async (file) => {
        try {
          await this.#fileSystem.read(file, offsetInFile, part);
        } finally {
          await this.#requireExpected(fileIndex, file);
        }
      });
    }
    this.#unsynced.add(fileIndex);
    this.#expected[fileIndex] = undefined;
    await this.#pool.use(
      fileIndex,
      access,
      (file) => this.#fileSystem.write(file, offsetInFile, part),
    );
    // Again: a sync may have run before the write.
    this.#unsynced.add(fileIndex);
  }

  /**
   * Checks a file after a read, so that a modification during the read counts.
   * Costs about 5 µs, a fiftieth of a read of 256 KiB.
   */
  async #requireExpected(fileIndex: number, file: Deno.FsFile): Promise<void> {
    const expected = this.#expected[fileIndex];
    if (expected === undefined) return;
    const now = stampOf(await this.#fileSystem.stat(file));
    if (isUnmodified(expected, now)) return;
    const path = this.#folder.pathOf(this.#torrent.files[fileIndex]!.path);
    throw new ContentChangedError(
      `Cannot keep sharing ${path}: another program modified it`,
    );
  }

  async #sync(fileIndex: number): Promise<void> {
    try {
      await this.#pool.use(fileIndex, "write", (file) => file.sync());
    } catch (error) {
      const { path } = this.#torrent.files[fileIndex]!;
      throw storageFailure("write", this.#folder.pathOf(path), error);
    }
  }

  async #open(fileIndex: number, access: Access): Promise<Deno.FsFile> {
    const { path, length } = this.#torrent.files[fileIndex]!;
    const { file, size } = await this.#folder.open(path, access);
    if (access === "read" || size <= length) return file;
    try {
      await file.truncate(length);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }
}

async function makeEmptyFiles(
  folder: GuardedFolder,
  files: readonly TorrentFile[],
): Promise<void> {
  const paths = files.filter((file) => file.length === 0 && !file.isPadding)
    .map(({ path }) => path);
  const stamps = await folder.stamps(paths);
  for (const [index, path] of paths.entries()) {
    const size = stamps[index]?.size;
    if (size === 0) continue;
    if (size !== undefined) {
      throw new StorageError(
        `Cannot use ${folder.pathOf(path)}: it holds ${size} bytes and ` +
          "the torrent says it is empty; move it away or choose another folder",
      );
    }
    try {
      (await folder.open(path, "write")).file.close();
    } catch (error) {
      const code = error instanceof Error ? errorCode(error.cause) : undefined;
      // Harmless: no content is missing, and the first write reports the same.
      if (!["EROFS", "EACCES", "EPERM"].includes(code ?? "")) throw error;
    }
  }
}

/** Whether a file has content that must be on the disk. */
function isOnDisk(file: TorrentFile): boolean {
  return !file.isPadding && file.length > 0;
}

/** How much of a file of `size` bytes counts as present, from its start. In bytes. */
function presentLength(file: TorrentFile, size: number): number {
  return size > file.length ? file.length - 1 : size;
}
