/**
 * A torrent's content in files below one folder. Invariants: nothing outside
 * that folder is touched; a file whose content is complete is never opened for
 * writing, so a read-only folder can be seeded; only what is written takes room
 * on the disk (files grow sparse, nothing is reserved ahead; but NTFS fills the
 * gap before a write with zeros, and Deno cannot ask it for a sparse file).
 *
 * A file that is longer than the torrent says is not what the torrent
 * describes: its last byte is reported as not present, so its last piece is
 * fetched again, and the tail is cut when a piece of the file is first written.
 * Until then it is left as it is.
 *
 * Empty files hold no piece that could be written, so they are made when the
 * storage opens. Padding files [BEP 47] are never on the disk and read as zeros.
 *
 * @module
 */
import { ContentChangedError, StorageError } from "../base/errors.ts";
import type { FdPressure } from "../base/fd_pressure.ts";
import { type FileSpan, FileSpans } from "../metainfo/file_spans.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import { SyncWhenFast } from "./sync_when_fast.ts";
import { FilePool, type FilePoolOptions } from "./file_pool.ts";
import { type FileStamp, isUnmodified, stampOf } from "./file_stamp.ts";
import { type Access, GuardedFolder } from "./guarded_folder.ts";
import { requireOtherName } from "./own_folder.ts";
import type { ByteRange, ContentFiles, Storage } from "./storage.ts";
import { storageFailure } from "./storage_failure.ts";
import { probeNames } from "./name_probe.ts";

/** Files whose content is brought to the disk for good side by side. */
const SYNCHRONIZED_AT_ONCE = 16;

/** Options for {@linkcode openFileStorage}. */
export interface FileStorageOptions {
  /** The download folder; made, with the folders above it, at the first write. */
  readonly dir: string;
  /**
   * Files held open at once, one handle each.
   * @default {64}
   */
  readonly maxOpenFiles?: number;
  /**
   * The session's, so that files and connections make room for each other where
   * the system allows few open files. @default none
   */
  readonly fdPressure?: FdPressure;
}

/**
 * Opens the files of a torrent below `dir`. Makes the torrent's empty files;
 * where the folder cannot be written they are left out, since their lack costs
 * no content and a complete download must be seedable from there.
 * @throws {StorageError} If a symbolic link, or something else that is not a
 * file, stands in a file's place, or content in that of an empty file; if the file
 * system does not take a name, or takes two for one.
 */
export async function openFileStorage(
  torrent: Torrent,
  options: FileStorageOptions,
): Promise<FileStorage> {
  requireOtherName(torrent, options.dir);
  await probeNames(torrent, options.dir);
  const fileSystem = new SyncWhenFast();
  const folder = new GuardedFolder(options.dir, fileSystem);
  await makeEmptyFiles(folder, torrent.files);
  const { maxOpenFiles = 64, fdPressure } = options;
  return new FolderStorage(torrent, {
    folder,
    fileSystem,
    maxOpenFiles,
    fdPressure,
  });
}

/** A storage that can tell later whether its files are as they were. */
export interface FileStorage extends Storage {
  /**
   * How each file of the torrent is, without opening it; `undefined` for one that
   * is missing or never on the disk.
   * @throws {StorageError} If something else stands where a file must be.
   */
  stamps(): Promise<(FileStamp | undefined)[]>;
  /**
   * Waits until everything that was written is on the disk for good, whatever
   * happens to this machine.
   * @returns How each file is with what was written and expected of it; `undefined`
   * where that cannot be said, as of files that were written meanwhile.
   * @throws {StorageError} If the disk refuses.
   */
  settle(): Promise<(FileStamp | undefined)[]>;
  /**
   * From now on `read` refuses what comes out of a file that is not as it was,
   * with a {@linkcode ContentChangedError}, until this storage writes to it.
   * @param stamps As `stamps` gave them before the files were verified.
   */
  expect(stamps: readonly (FileStamp | undefined)[]): void;
}

/** What a storage works with. */
interface FileStorageParts extends FilePoolOptions {
  readonly folder: GuardedFolder;
  readonly fileSystem: SyncWhenFast;
}

class FolderStorage implements FileStorage {
  readonly files: ContentFiles;
  readonly #torrent: Torrent;
  readonly #spans: FileSpans;
  readonly #folder: GuardedFolder;
  readonly #fileSystem: SyncWhenFast;
  readonly #pool: FilePool;
  /** Indexes of files that were written and may not be on the disk for good. */
  #unsettled = new Set<number>();
  /** How each file is expected to be; `undefined` where there is nothing to go by. */
  #expected: (FileStamp | undefined)[];

  constructor(torrent: Torrent, parts: FileStorageParts) {
    this.#torrent = torrent;
    this.files = { guardedDir: parts.folder.dir, files: torrent.files };
    this.#expected = torrent.files.map(() => undefined);
    this.#spans = new FileSpans(torrent.files);
    this.#folder = parts.folder;
    this.#fileSystem = parts.fileSystem;
    this.#pool = new FilePool(
      (fileIndex, access) => this.#open(fileIndex, access),
      parts,
    );
  }

  async read(offsetInTorrent: number, into: Uint8Array): Promise<void> {
    let done = 0;
    for (const span of this.#spans.at(offsetInTorrent, into.length)) {
      const part = into.subarray(done, done += span.length);
      if (this.#torrent.files[span.fileIndex]!.isPadding) part.fill(0);
      else await this.#transfer("read", span, part);
    }
  }

  async write(offsetInTorrent: number, bytes: Uint8Array): Promise<void> {
    let done = 0;
    for (const span of this.#spans.at(offsetInTorrent, bytes.length)) {
      const part = bytes.subarray(done, done += span.length);
      if (this.#torrent.files[span.fileIndex]!.isPadding) continue;
      await this.#transfer("write", span, part);
    }
  }

  async presentRanges(): Promise<readonly ByteRange[]> {
    const ranges: { offsetInTorrent: number; length: number }[] = [];
    const { files } = this.#torrent;
    const stamps = await this.stamps();
    let offsetInTorrent = 0;
    for (const [index, file] of files.entries()) {
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

  async stamps(): Promise<(FileStamp | undefined)[]> {
    const { files } = this.#torrent;
    const stamps = await this.#folder.stamps(
      files.filter(isOnDisk).map(({ path }) => path),
    );
    let next = 0;
    return files.map((file) => isOnDisk(file) ? stamps[next++] : undefined);
  }

  async settle(): Promise<(FileStamp | undefined)[]> {
    const written = this.#unsettled;
    this.#unsettled = new Set();
    try {
      await this.#synchronize([...written]);
    } catch (error) {
      for (const fileIndex of written) this.#unsettled.add(fileIndex);
      throw error;
    }
    const now = await this.stamps();
    // What was not written is to be as it was verified, whatever it is now.
    for (const fileIndex of written) this.#expected[fileIndex] = now[fileIndex];
    for (const fileIndex of this.#unsettled) {
      this.#expected[fileIndex] = undefined;
    }
    return [...this.#expected];
  }

  expect(stamps: readonly (FileStamp | undefined)[]): void {
    this.#expected = stamps.map((stamp, fileIndex) =>
      this.#unsettled.has(fileIndex) ? undefined : stamp
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }

  async #read(
    file: Deno.FsFile,
    { fileIndex, offsetInFile }: FileSpan,
    into: Uint8Array,
  ): Promise<void> {
    try {
      await this.#fileSystem.read(file, offsetInFile, into);
    } finally {
      const expected = this.#expected[fileIndex];
      // After the read, whatever it gave: a change meanwhile is one, too. It takes
      // some 5 µs, a fiftieth of what the read of 256 KiB does.
      if (
        expected !== undefined &&
        !isUnmodified(expected, stampOf(await this.#fileSystem.stat(file)))
      ) this.#refuseChanged(fileIndex);
    }
  }

  #refuseChanged(fileIndex: number): never {
    const path = this.#folder.pathOf(this.#torrent.files[fileIndex]!.path);
    throw new ContentChangedError(
      `Cannot share ${path} on: it was changed by something else`,
    );
  }

  /** Several side by side, which a journaling file system commits together. */
  async #synchronize(fileIndexes: number[]): Promise<void> {
    const synchronizeRest = async (): Promise<void> => {
      let fileIndex: number | undefined;
      while ((fileIndex = fileIndexes.pop()) !== undefined) {
        const { path } = this.#torrent.files[fileIndex]!;
        try {
          await this.#pool.use(fileIndex, "write", (file) => file.sync());
        } catch (error) {
          throw storageFailure("write", this.#folder.pathOf(path), error);
        }
      }
    };
    await Promise.all(
      Array.from({ length: SYNCHRONIZED_AT_ONCE }, synchronizeRest),
    );
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

  async #transfer(
    access: Access,
    span: FileSpan,
    bytes: Uint8Array,
  ): Promise<void> {
    if (access === "write") {
      this.#unsettled.add(span.fileIndex);
      this.#expected[span.fileIndex] = undefined;
    }
    try {
      await this.#pool.use(
        span.fileIndex,
        access,
        (file) =>
          access === "read"
            ? this.#read(file, span, bytes)
            : this.#fileSystem.write(file, span.offsetInFile, bytes),
      );
      // Again: what was settled meanwhile may have been without this.
      if (access === "write") this.#unsettled.add(span.fileIndex);
    } catch (error) {
      const { path } = this.#torrent.files[span.fileIndex]!;
      throw storageFailure(access, this.#folder.pathOf(path), error);
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
    if (size === undefined) await makeEmptyFile(folder, path);
    else {
      throw new StorageError(
        `Cannot use ${folder.pathOf(path)}: it holds ${size} bytes and ` +
          "the torrent says it is empty; move it away or choose another folder",
      );
    }
  }
}

async function makeEmptyFile(
  folder: GuardedFolder,
  path: readonly string[],
): Promise<void> {
  try {
    (await folder.open(path, "write")).file.close();
  } catch (error) {
    if (!isUnwritableFolder(error)) throw error;
    // Harmless: no content is missing, and the first write will say the same.
  }
}

function isUnwritableFolder(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause &&
    ["EROFS", "EACCES", "EPERM"].includes(String(cause.code));
}

/** Whether a file has content that must be on the disk. */
function isOnDisk(file: TorrentFile): boolean {
  return !file.isPadding && file.length > 0;
}

/** How much of a file of `size` bytes, from its start, there is to read. In bytes. */
function presentLength(file: TorrentFile, size: number): number {
  return size > file.length ? file.length - 1 : size;
}
