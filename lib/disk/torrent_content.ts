/**
 * A torrent's content on the disk for as long as it is shared: locked against
 * other processes, verified at the start as far as the resume record does not
 * cover it, and recorded again when something changed.
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
import { lockFolder } from "./own_folder.ts";
import { ResumeFile } from "./resume_file.ts";
import { verifyStorage, type VerifyStorageOptions } from "./verify_storage.ts";

/** Longest that closing waits for the disk, in milliseconds. */
const CLOSE_WAIT_MS = 2_000;

/** Options for {@linkcode openTorrentContent}. */
export interface TorrentContentOptions extends FileStorageOptions {
  /** Verifies everything, whatever the resume record says. @default {false} */
  readonly mustVerify?: boolean;
}

/**
 * Opens a torrent's content below `dir`, whether or not any of it is there yet.
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

/** A torrent's content, opened by {@linkcode openTorrentContent}. */
export class TorrentContent implements AsyncDisposable {
  /** For `Session.addTorrent`; closed with the content. */
  readonly storage: FileStorage;
  readonly #torrent: Torrent;
  readonly #parts: TorrentContentParts;

  /** @internal For {@linkcode openTorrentContent}. */
  constructor(torrent: Torrent, parts: TorrentContentParts) {
    this.storage = parts.storage;
    this.#torrent = torrent;
    this.#parts = parts;
  }

  /**
   * Finds the pieces that are stored and right, and records them.
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
    const isNew = known === undefined || !known.known.isFull;
    if (isNew && have.count > 0) void resume.save(() => have);
    return have;
  }

  /**
   * The reason that the files cannot hold everything that was stored, if there is
   * one: a file that was deleted during a download has lost what was written to it.
   * @throws {StorageError} If something else stands where a file must be.
   */
  async findChange(): Promise<ContentChangedError | undefined> {
    const stamps = await this.storage.stamps();
    for (const [index, file] of this.#torrent.files.entries()) {
      const size = stamps[index]?.size;
      if (file.isPadding || file.length === 0 || size === file.length) continue;
      const change = size === undefined
        ? "it was deleted or moved away"
        : "another program changed its size";
      return new ContentChangedError(
        `Cannot keep sharing ${file.path.join("/")}: ${change}`,
      );
    }
    return undefined;
  }

  /**
   * Syncs everything that was written and records the verified pieces; best called
   * when nothing is being written.
   */
  async save(have: () => Bitfield): Promise<void> {
    await this.#parts.resume.save(have);
  }

  /**
   * Records the verified pieces, unless the disk takes too long, and closes the
   * files.
   */
  async close(have: () => Bitfield): Promise<void> {
    await deadline(this.save(have), CLOSE_WAIT_MS)
      // Harmless: what is not recorded is verified again.
      .catch(() => {});
    await this[Symbol.asyncDispose]();
  }

  /** Closes the files and records nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.storage[Symbol.asyncDispose]();
    this.#parts.lock?.[Symbol.dispose]();
  }
}
