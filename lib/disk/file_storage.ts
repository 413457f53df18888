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
import { StorageError } from "../base/errors.ts";
import { type FileSpan, FileSpans } from "../metainfo/file_spans.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import { Disk } from "./disk.ts";
import { FilePool } from "./file_pool.ts";
import { type Access, GuardedFolder } from "./guarded_folder.ts";
import type { ByteRange, Storage } from "./storage.ts";
import { storageFailure } from "./storage_failure.ts";

/** Options for {@linkcode openFileStorage}. */
export interface FileStorageOptions {
  /** The download folder; made, with the folders above it, at the first write. */
  readonly dir: string;
  /**
   * Files held open at once, one handle each.
   * @default {64}
   */
  readonly maxOpenFiles?: number;
}

/**
 * Opens the files of a torrent below `dir`. Makes the torrent's empty files;
 * where the folder cannot be written they are left out, since their lack costs
 * no content and a complete download must be seedable from there.
 * @throws {StorageError} If a symbolic link, or something else that is not a
 * file, stands in a file's place, or content in that of an empty file.
 */
export async function openFileStorage(
  torrent: Torrent,
  options: FileStorageOptions,
): Promise<Storage> {
  const disk = new Disk();
  const folder = new GuardedFolder(options.dir, disk);
  await makeEmptyFiles(folder, torrent.files);
  const maxOpenFiles = options.maxOpenFiles ?? 64;
  return new FileStorage(torrent, { folder, disk, maxOpenFiles });
}

/** What a storage works with. */
interface FileStorageParts {
  readonly folder: GuardedFolder;
  readonly disk: Disk;
  readonly maxOpenFiles: number;
}

class FileStorage implements Storage {
  readonly #torrent: Torrent;
  readonly #spans: FileSpans;
  readonly #folder: GuardedFolder;
  readonly #disk: Disk;
  readonly #pool: FilePool;

  constructor(torrent: Torrent, parts: FileStorageParts) {
    this.#torrent = torrent;
    this.#spans = new FileSpans(torrent.files);
    this.#folder = parts.folder;
    this.#disk = parts.disk;
    this.#pool = new FilePool(
      (fileIndex, access) => this.#open(fileIndex, access),
      parts.maxOpenFiles,
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
    const sizes = await this.#folder.sizes(
      files.filter(isOnDisk).map(({ path }) => path),
    );
    let offsetInTorrent = 0;
    let next = 0;
    for (const file of files) {
      const length = isOnDisk(file)
        ? presentLength(file, sizes[next++] ?? 0)
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
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
    try {
      await this.#pool.use(
        span.fileIndex,
        access,
        (file) =>
          access === "read"
            ? this.#disk.read(file, span.offsetInFile, bytes)
            : this.#disk.write(file, span.offsetInFile, bytes),
      );
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
  const sizes = await folder.sizes(paths);
  for (const [index, path] of paths.entries()) {
    const size = sizes[index];
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
