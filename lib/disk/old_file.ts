/**
 * A file of an older version of a torrent's content, and its copy into a part.
 * Invariant: only the file that the search found is read, and through no link. Another
 * user who may write to the old folder could put a link to a private file in its
 * place, whose content would then lie in the download folder, or a pipe, which blocks.
 *
 * @module
 */
import { join } from "@std/path";
import { StorageError } from "../base/errors.ts";
import {
  type FileStamp,
  FileSystem,
  isSameFile,
  stampOf,
} from "./file_system.ts";
import { type GuardedFile, GuardedFolder } from "./guarded_folder.ts";
import { GuardedPaths } from "./guarded_paths.ts";
import { isOpenTo } from "./links.ts";

/** Bytes that are copied at a time. */
const COPIED_LENGTH = 2 ** 20;

/** An old file as the search found it. */
export interface OldFile {
  /** The folder that the user named, or that holds the file that was named. */
  readonly root: string;
  /** Below `root`. */
  readonly path: readonly string[];
  readonly stamp: FileStamp;
}

/** An open part into which a file is copied. */
export interface CopyTarget {
  readonly file: Deno.FsFile;
  /** Its path, if nobody else can put another file there. */
  readonly path: string | undefined;
  /** Bytes that it takes at most. */
  readonly length: number;
}

/** An old file that is open: the one that was found. */
export class OpenOldFile implements Disposable {
  readonly #old: OldFile;
  readonly #opened: GuardedFile;
  readonly #fileSystem: FileSystem;
  readonly #info: Deno.FileInfo;
  /** The permission bits of the file; `undefined` on Windows. */
  readonly mode: number | undefined;

  constructor(
    old: OldFile,
    { opened, info, fileSystem }: {
      readonly opened: GuardedFile;
      readonly info: Deno.FileInfo;
      readonly fileSystem: FileSystem;
    },
  ) {
    this.#old = old;
    this.#opened = opened;
    this.#info = info;
    this.#fileSystem = fileSystem;
    this.mode = info.mode === null ? undefined : info.mode & 0o777;
  }

  /**
   * Permission bits for a copy: those of a new file, but for nobody who may not read
   * the old one. The owner may write, as the copy is mended.
   */
  maskMode(mode: number): number {
    if (this.mode === undefined) return mode;
    const mayRead = this.mode | 0o600;
    return mode & (mayRead | ((mayRead & 0o444) >> 2));
  }

  /** Copies it, with shared blocks where the file system and both folders allow that. */
  async copyTo({ file, path, length }: CopyTarget): Promise<void> {
    const fileSystem = this.#fileSystem;
    const { uid, mode } = await fileSystem.stat(file);
    if (path !== undefined && await this.#isPrivate(uid)) {
      await Deno.copyFile(join(this.#old.root, ...this.#old.path), path);
      // It is a copy of the other file's mode too, which may forbid to write.
      if (mode !== null) await Deno.chmod(path, mode & 0o777);
      if ((await fileSystem.stat(file)).size > length) {
        await file.truncate(length);
      }
      return;
    }
    const buffer = new Uint8Array(Math.min(length, COPIED_LENGTH));
    for (let offset = 0; offset < length;) {
      const part = buffer.subarray(0, length - offset);
      const { file: old } = this.#opened;
      const count = await fileSystem.call(
        () => old.readSync(part),
        () => old.read(part),
      );
      if (count === null) return;
      await fileSystem.write(file, offset, part.subarray(0, count));
      offset += count;
    }
  }

  /** True if nobody else, but root, can put another file in its place or write to it. */
  async #isPrivate(uid: number | null): Promise<boolean> {
    const { root, path, stamp } = this.#old;
    if (isOpenTo(this.#info, 0o022)) return false;
    const fileSystem = this.#fileSystem;
    const paths = new GuardedPaths(root, { fileSystem });
    paths.owner = uid;
    const [, isSafe] = await paths.follow(path, "name", stamp);
    return isSafe;
  }

  [Symbol.dispose](): void {
    this.#opened[Symbol.dispose]();
  }
}

/**
 * Opens an old file; `undefined` if it is gone, or something else is in its place.
 * @throws {StorageError} If the system refuses.
 */
export async function openOldFile(
  old: OldFile,
): Promise<OpenOldFile | undefined> {
  const { root, path, stamp: expected } = old;
  const fileSystem = new FileSystem();
  try {
    const paths = new GuardedPaths(root, { fileSystem });
    await paths.follow(path, "name", expected);
    const folder = new GuardedFolder(root, { fileSystem });
    const opened = await folder.open(path, "read", { expected });
    const info = await fileSystem.stat(opened.file);
    if (isSameFile(expected, stampOf(info))) {
      return new OpenOldFile(old, { opened, info, fileSystem });
    }
    opened[Symbol.dispose]();
    return undefined;
  } catch (error) {
    if (isReplaced(error)) return undefined;
    throw error;
  }
}

/** True if a guarded file is gone or was replaced, and the system refused nothing. */
export function isReplaced(error: unknown): boolean {
  return error instanceof StorageError &&
    (!(error.cause instanceof Error) ||
      error.cause instanceof Deno.errors.NotFound);
}
