/**
 * A torrent's resume record on the disk, below the download folder. Invariant:
 * the record there is whole and no newer than the content: it replaces the one
 * before only once it is on the disk for good, after the content that it speaks
 * of. Losing it costs a verification and nothing else, so whatever keeps it from
 * being read or written is no error.
 *
 * @module
 */
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import type { Bitfield } from "../base/bitfield.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { FileStorage } from "./file_storage.ts";
import { makeOwnFolder, OWN_FOLDER } from "./own_folder.ts";
import {
  encodeResumeRecord,
  type KnownPieces,
  knownPieces,
  parseResumeRecord,
} from "./resume_record.ts";

/** Options of {@linkcode ResumeFile}. */
export interface ResumeFileOptions {
  /** The download folder. */
  readonly dir: string;
  /** The torrent's files. */
  readonly storage: FileStorage;
}

/** Reads and writes the record of one torrent. */
export class ResumeFile {
  readonly #torrent: Torrent;
  readonly #options: ResumeFileOptions;
  #saving: Promise<void> = Promise.resolve();

  /** Touches nothing yet. */
  constructor(torrent: Torrent, options: ResumeFileOptions) {
    this.#torrent = torrent;
    this.#options = options;
  }

  /**
   * What is known of the torrent's pieces without hashing one; `undefined` if
   * there is no record.
   * @throws {StorageError} If something else stands where a file must be.
   */
  async load(): Promise<KnownPieces | undefined> {
    const { dir, storage } = this.#options;
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await Deno.readFile(join(dir, OWN_FOLDER, this.#name));
    } catch {
      // None yet, or not for us to read: everything is verified.
      return undefined;
    }
    const record = parseResumeRecord(this.#torrent, bytes);
    if (record === undefined) return undefined;
    return knownPieces(this.#torrent, record, await storage.stamps());
  }

  /**
   * Brings the content to the disk for good and notes down what is verified.
   * @param have The verified pieces, read once all of them are on the disk.
   */
  save(have: () => Bitfield): Promise<void> {
    return this.#saving = this.#saving.then(() => this.#save(have));
  }

  async #save(have: () => Bitfield): Promise<void> {
    const { dir, storage } = this.#options;
    try {
      const stamps = await storage.settle();
      // A piece that was stored while the content settled is in it; the file that
      // it went to has no stamp then, so nothing is claimed of it.
      const record = { have: have(), stamps };
      const bytes = encodeResumeRecord(this.#torrent, record);
      await replaceFile(join(await makeOwnFolder(dir), this.#name), bytes);
    } catch (error) {
      // A disk that is full or read-only: verified again at the next start.
      if (
        error instanceof StorageError || error instanceof Deno.errors.NotFound
      ) {
        return;
      }
      if (error instanceof Error && "code" in error) return;
      throw error;
    }
  }

  get #name(): string {
    return `${this.#torrent.infoHash}.resume`;
  }
}

/** Replaces a file at once: there is never a part of the new one at `path`. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.part`;
  {
    using file = await Deno.open(temporary, {
      write: true,
      create: true,
      truncate: true,
    });
    let done = 0;
    while (done < bytes.length) done += await file.write(bytes.subarray(done));
    await file.sync();
  }
  await Deno.rename(temporary, path);
}
