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
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import { type FileSpan, FileSpans } from "../metainfo/file_spans.ts";
import type { Torrent, TorrentFile } from "../metainfo/torrent.ts";
import { FileAccess } from "./file_access.ts";
import { FilePool } from "./file_pool.ts";
import { type Access, guardedSize, openGuarded } from "./guarded_path.ts";
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
  for (const file of torrent.files) {
    if (file.length === 0 && !file.isPadding) {
      await makeEmptyFile(options.dir, file);
    }
  }
  return new FileStorage(torrent, options.dir, options.maxOpenFiles ?? 64);
}

class FileStorage implements Storage {
  readonly #torrent: Torrent;
  readonly #spans: FileSpans;
  readonly #dir: string;
  readonly #pool: FilePool;
  readonly #access = new FileAccess();

  constructor(torrent: Torrent, dir: string, maxOpenFiles: number) {
    this.#torrent = torrent;
    this.#spans = new FileSpans(torrent.files);
    this.#dir = dir;
    this.#pool = new FilePool(
      (fileIndex, access) => this.#open(fileIndex, access),
      maxOpenFiles,
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
    let offsetInTorrent = 0;
    for (const file of this.#torrent.files) {
      const length = await presentLength(this.#dir, file);
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
    const file = await openGuarded(this.#dir, path, access);
    if (access === "read") return file;
    try {
      if ((await file.stat()).size > length) await file.truncate(length);
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
            ? this.#access.read(file, span.offsetInFile, bytes)
            : this.#access.write(file, span.offsetInFile, bytes),
      );
    } catch (error) {
      const { path } = this.#torrent.files[span.fileIndex]!;
      throw storageFailure(access, join(this.#dir, ...path), error);
    }
  }
}

async function makeEmptyFile(dir: string, file: TorrentFile): Promise<void> {
  const size = await guardedSize(dir, file.path);
  if (size === 0) return;
  if (size !== undefined) {
    throw new StorageError(
      `Cannot use ${join(dir, ...file.path)}: it holds ${size} bytes and ` +
        "the torrent says it is empty; move it away or choose another folder",
    );
  }
  try {
    (await openGuarded(dir, file.path, "write")).close();
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

/** How much of a file, from its start, there is to read. In bytes. */
async function presentLength(dir: string, file: TorrentFile): Promise<number> {
  if (file.isPadding || file.length === 0) return file.length;
  const size = await guardedSize(dir, file.path) ?? 0;
  return size > file.length ? file.length - 1 : size;
}
