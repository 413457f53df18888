/**
 * A torrent's content on the disk for as long as it is shared: locked against
 * other processes, verified at the start as far as the resume record leaves
 * anything to verify, and noted down again when something has changed.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import type { Bitfield } from "../base/bitfield.ts";
import { ContentChangedError } from "../base/errors.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import {
  type FileStorage,
  type FileStorageOptions,
  openFileStorage,
} from "./file_storage.ts";
import { lockFolder } from "./folder_lock.ts";
import { ResumeFile } from "./resume_file.ts";
import { verifyStorage, type VerifyStorageOptions } from "./verify_storage.ts";

/** How long closing waits for the disk, in milliseconds. */
const CLOSE_WAIT_MS = 2_000;

/** Options for {@linkcode openTorrentContent}. */
export interface TorrentContentOptions extends FileStorageOptions {
  /** Whether everything is hashed, whatever was noted down. @default {false} */
  readonly mustVerify?: boolean;
}

/**
 * Opens what is below `dir` of a torrent, or will be.
 * @throws {StorageError} If another process shares it, or as `openFileStorage` does.
 */
export async function openTorrentContent(
  torrent: Torrent,
  options: TorrentContentOptions,
): Promise<TorrentContent> {
  const { dir, mustVerify = false } = options;
  const lock = await lockFolder(torrent, dir);
  try {
    const storage = await openFileStorage(torrent, options);
    const resume = new ResumeFile(torrent, { dir, storage });
    return new TorrentContent(torrent, { lock, storage, resume, mustVerify });
  } catch (error) {
    lock?.[Symbol.dispose]();
    throw error;
  }
}

interface TorrentContentParts {
  readonly lock: Disposable | undefined;
  readonly storage: FileStorage;
  readonly resume: ResumeFile;
  readonly mustVerify: boolean;
}

/** A torrent's files, made by {@linkcode openTorrentContent}. */
export class TorrentContent implements AsyncDisposable {
  readonly #torrent: Torrent;
  readonly #parts: TorrentContentParts;

  /** @internal For {@linkcode openTorrentContent}. */
  constructor(torrent: Torrent, parts: TorrentContentParts) {
    this.#torrent = torrent;
    this.#parts = parts;
  }

  /** For `Session.addTorrent`; closed with the content. */
  get storage(): FileStorage {
    return this.#parts.storage;
  }

  /**
   * Finds the pieces that are stored and right, and notes them down.
   * @throws {StorageError} If the disk cannot be read.
   */
  async verify(
    options: Omit<VerifyStorageOptions, "known"> = {},
  ): Promise<Bitfield> {
    const { resume, storage, mustVerify } = this.#parts;
    const known = mustVerify ? undefined : await resume.load();
    const stamps = await storage.stamps();
    const have = await verifyStorage(storage, this.#torrent, {
      ...options,
      ...(known && { known }),
    });
    storage.expect(stamps);
    const isNews = known === undefined || !known.known.isFull;
    if (isNews && have.count > 0) void resume.save(() => have);
    return have;
  }

  /**
   * Why the files cannot hold all that was stored, if they cannot: one that was
   * deleted while it was written to is gone with all that went there.
   * @throws {StorageError} If something else stands where a file must be.
   */
  async findChange(): Promise<ContentChangedError | undefined> {
    const { files } = this.#torrent;
    const stamps = await this.#parts.storage.stamps();
    const index = files.findIndex(({ length, isPadding }, index) =>
      !isPadding && length > 0 && stamps[index]?.size !== length
    );
    const file = files[index];
    if (file === undefined) return undefined;
    return new ContentChangedError(
      `Cannot share ${file.path.join("/")} on: ${
        stamps[index] === undefined
          ? "it was deleted or moved away"
          : "its size was changed by something else"
      }`,
    );
  }

  /**
   * Brings everything that was written to the disk for good and notes down what
   * is verified; best called when nothing is being written.
   */
  async noteDown(have: () => Bitfield): Promise<void> {
    await this.#parts.resume.save(have);
  }

  /**
   * Notes down what is verified, unless the disk takes too long over it, and
   * closes the files.
   */
  async close(have: () => Bitfield): Promise<void> {
    await deadline(this.noteDown(have), CLOSE_WAIT_MS)
      // What is not noted down is verified again.
      .catch(() => {});
    await this[Symbol.asyncDispose]();
  }

  /** Closes the files without another word. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.storage[Symbol.asyncDispose]();
    this.#parts.lock?.[Symbol.dispose]();
  }
}
