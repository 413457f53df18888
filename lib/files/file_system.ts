/**
 * File system calls that are synchronous while the disk is fast; and stamps, which
 * show without reading a file whether it was replaced or modified.
 *
 * An asynchronous call costs as much as reading or writing 256 KiB in the system's
 * cache. After a slow call the next ones are asynchronous, so that a slow disk never
 * blocks the thread for long: few, as the thread may just have lost its core, and more
 * if the next synchronous calls are slow too. One call of many is asynchronous anyway,
 * so that the thread's other work gets its turn while a million files are scanned.
 *
 * @module
 */

import { equals } from "@std/bytes/equals";

/** Bytes that are copied or compared at a time. */
const BUFFER_LENGTH = 2 ** 20;
/** A synchronous call that takes longer is slow, in milliseconds. */
const SLOW_CALL_MS = 4;
/** One that takes longer waits for the disk: a thread without a core waits less. */
const BLOCKED_CALL_MS = 50;
/** Asynchronous calls after a slow one, before the next synchronous call. */
const MIN_ASYNC_CALLS = 4;
/** The same after slow calls in a row, which double it. */
const MAX_ASYNC_CALLS = 64;
/** Fast synchronous calls between two slow ones that do not count as in a row. */
const FAST_CALLS = 8;
/** Synchronous calls before an asynchronous one: 2 to 5 ms of scanning. */
const CALLS_PER_TURN = 256;

/**
 * The outcome of a call: there at once if it was synchronous and did not fail. Without
 * a promise for each call, many small files take a third of the time.
 */
export type Outcome<T> = T | Promise<T>;

/** Calls the file system, synchronously while it is fast. */
export class FileSystem {
  #asyncCallsLeft = 0;
  /** Asynchronous calls after the last slow one. */
  #asyncCallCount = MIN_ASYNC_CALLS;
  /** Synchronous calls since. */
  #fastCallCount = FAST_CALLS;
  #syncCallsLeft = CALLS_PER_TURN;
  /** Cursors of files, where they are known: after an open, read or write. */
  readonly #cursors = new WeakMap<Deno.FsFile, number>();

  lstat(path: string): Outcome<Deno.FileInfo> {
    return this.call(() => Deno.lstatSync(path), () => Deno.lstat(path));
  }

  open(path: string, options: Deno.OpenOptions): Outcome<Deno.FsFile> {
    const begin = (file: Deno.FsFile): Deno.FsFile => {
      this.#cursors.set(file, 0);
      return file;
    };
    const file = this.call(
      () => Deno.openSync(path, options),
      () => Deno.open(path, options),
    );
    return file instanceof Promise ? file.then(begin) : begin(file);
  }

  mkdir(path: string, options?: Deno.MkdirOptions): Outcome<void> {
    return this.call(
      () => Deno.mkdirSync(path, options),
      () => Deno.mkdir(path, options),
    );
  }

  link(path: string, newPath: string): Outcome<void> {
    return this.call(
      () => Deno.linkSync(path, newPath),
      () => Deno.link(path, newPath),
    );
  }

  remove(path: string): Outcome<void> {
    return this.call(() => Deno.removeSync(path), () => Deno.remove(path));
  }

  stat(file: Deno.FsFile): Outcome<Deno.FileInfo> {
    return this.call(() => file.statSync(), () => file.stat());
  }

  async realPath(path: string): Promise<string> {
    return await this.call(
      () => Deno.realPathSync(path),
      () => Deno.realPath(path),
    );
  }

  /**
   * The entries of a folder, sorted by name. One by one, asynchronously, a million
   * take half a minute.
   */
  async readDir(path: string): Promise<Deno.DirEntry[]> {
    const entries = await this.call(
      () => [...Deno.readDirSync(path)],
      () => Array.fromAsync(Deno.readDir(path)),
    );
    return entries.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  async readLink(path: string): Promise<string> {
    return await this.call(
      () => Deno.readLinkSync(path),
      () => Deno.readLink(path),
    );
  }

  /**
   * Fills `into` from an offset in the file. Deno has no positional read or write:
   * this seeks first, so only one call on a file may run at a time, and nothing else
   * may move its cursor.
   * @throws {Deno.errors.UnexpectedEof} If the file ends earlier.
   */
  async read(
    file: Deno.FsFile,
    offsetInFile: number,
    into: Uint8Array,
  ): Promise<void> {
    this.#seek(file, offsetInFile);
    for (let done = 0; done < into.length;) {
      const rest = into.subarray(done);
      const count = await this.call(
        () => file.readSync(rest),
        () => file.read(rest),
      );
      if (count === null) {
        const end = Math.min((await this.stat(file)).size, offsetInFile + done);
        throw new Deno.errors.UnexpectedEof(`it ends after ${end} bytes`);
      }
      done += count;
    }
    this.#cursors.set(file, offsetInFile + into.length);
  }

  /** Writes all of `bytes` at an offset in the file. Seeks, as `read` does. */
  write(
    file: Deno.FsFile,
    offsetInFile: number,
    bytes: Uint8Array,
  ): Outcome<void> {
    this.#seek(file, offsetInFile);
    return this.#writeRest(file, offsetInFile + bytes.length, bytes);
  }

  /** Writes on from the cursor. */
  #writeRest(
    file: Deno.FsFile,
    endInFile: number,
    bytes: Uint8Array,
  ): Outcome<void> {
    const goOn = (count: number): Outcome<void> => {
      const rest = bytes.subarray(count);
      if (rest.length > 0) return this.#writeRest(file, endInFile, rest);
      this.#cursors.set(file, endInFile);
    };
    const count = this.call(
      () => file.writeSync(bytes),
      () => file.write(bytes),
    );
    return count instanceof Promise ? count.then(goOn) : goOn(count);
  }

  /**
   * Copies a file, or as much of it as `maxLength` bytes, to the start of another.
   * @returns Number of bytes that were copied.
   */
  async copy(
    from: Deno.FsFile,
    to: Deno.FsFile,
    maxLength: number,
  ): Promise<number> {
    const buffer = new Uint8Array(Math.min(maxLength, BUFFER_LENGTH));
    this.#seek(from, 0);
    let offset = 0;
    while (offset < maxLength) {
      const rest = buffer.subarray(0, maxLength - offset);
      const count = await this.call(
        () => from.readSync(rest),
        () => from.read(rest),
      );
      if (count === null) break;
      await this.write(to, offset, rest.subarray(0, count));
      offset += count;
    }
    return offset;
  }

  /** True if the first `length` bytes of two files are the same. */
  async areEqual(
    left: Deno.FsFile,
    right: Deno.FsFile,
    length: number,
  ): Promise<boolean> {
    const bufferLength = Math.min(length, BUFFER_LENGTH);
    const buffer = new Uint8Array(bufferLength);
    const otherBuffer = new Uint8Array(bufferLength);
    for (let offset = 0; offset < length; offset += bufferLength) {
      const bytes = buffer.subarray(0, length - offset);
      const others = otherBuffer.subarray(0, length - offset);
      await this.read(left, offset, bytes);
      await this.read(right, offset, others);
      if (!equals(bytes, others)) return false;
    }
    return true;
  }

  /** Forgets the cursor until the read or write has ended. */
  #seek(file: Deno.FsFile, offsetInFile: number): void {
    const isThere = this.#cursors.get(file) === offsetInFile;
    if (!isThere) file.seekSync(offsetInFile, Deno.SeekMode.Start);
    this.#cursors.delete(file);
  }

  /** Makes one of two equal calls; an error is that of a promise in any case. */
  call<T>(callSync: () => T, callAsync: () => Promise<T>): Outcome<T> {
    if (this.#asyncCallsLeft > 0) {
      this.#asyncCallsLeft--;
      return callAsync();
    }
    const startMs = performance.now();
    try {
      return callSync();
    } catch (error) {
      return Promise.reject(error);
    } finally {
      this.#noteSyncCall(performance.now() - startMs);
    }
  }

  #noteSyncCall(durationMs: number): void {
    if (durationMs <= SLOW_CALL_MS) {
      this.#fastCallCount++;
      if (--this.#syncCallsLeft > 0) return;
      this.#asyncCallsLeft = 1;
    } else {
      const isInRow = this.#fastCallCount < FAST_CALLS;
      this.#asyncCallCount = isInRow
        ? Math.min(MAX_ASYNC_CALLS, 2 * this.#asyncCallCount)
        : MIN_ASYNC_CALLS;
      if (durationMs > BLOCKED_CALL_MS) this.#asyncCallCount = MAX_ASYNC_CALLS;
      this.#asyncCallsLeft = this.#asyncCallCount;
      this.#fastCallCount = 0;
    }
    this.#syncCallsLeft = CALLS_PER_TURN;
  }
}

/** The outcome of a call; `undefined` if what it names is missing. */
export function ifAny<T>(call: Promise<T>): Promise<T | undefined>;
export function ifAny<T>(call: Outcome<T>): Outcome<T | undefined>;
export function ifAny<T>(call: Outcome<T>): Outcome<T | undefined> {
  if (!(call instanceof Promise)) return call;
  return call.catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return undefined;
  });
}

/** The state of a file at one moment. `undefined` is what the system does not report. */
export interface FileStamp {
  /** In bytes. */
  readonly size: number;
  /**
   * Time of the last modification, in milliseconds since 1970. Any number is a time,
   * 0 and negative ones too; Deno 2.4 reports those before 1970 without their sign.
   */
  readonly modifiedMs: number | undefined;
  /** Number of the file system that holds the file. */
  readonly device?: number | undefined;
  /** Number of the file on its file system. */
  readonly inode?: number | undefined;
}

/** The stamp in what the system reports. */
export function stampOf(info: Deno.FileInfo): FileStamp {
  const modifiedMs = info.mtime?.getTime();
  return {
    size: info.size,
    // A `Date` ends in the year 275760; some file systems do not.
    modifiedMs: Number.isNaN(modifiedMs) ? undefined : modifiedMs,
    device: info.dev,
    // 0 is no inode number, but all that Windows reports of some files.
    inode: info.ino || undefined,
  };
}

/**
 * True if two stamps are of the same file, modified or not, and where the system
 * has no inode numbers: of open files on Windows. For stamps taken right after
 * each other: FAT renumbers files that are no longer in the system's cache.
 */
export function isSameFile(left: FileStamp, right: FileStamp): boolean {
  if (left.inode === undefined || right.inode === undefined) return true;
  return left.device === right.device && left.inode === right.inode;
}

/**
 * True if two stamps prove that a file was not modified between them. Without a
 * stamp or a time they prove nothing.
 */
export function isUnmodified(
  before: FileStamp | undefined,
  now: FileStamp | undefined,
): boolean {
  return before !== undefined && now !== undefined &&
    before.modifiedMs !== undefined && now.modifiedMs !== undefined &&
    !isModified(before, now);
}

/**
 * True if two stamps prove that a file was modified between them. If the system
 * reports no time, a modification that keeps the size cannot be detected.
 */
export function isModified(before: FileStamp, now: FileStamp): boolean {
  return before.size !== now.size ||
    (before.modifiedMs !== now.modifiedMs &&
      before.modifiedMs !== undefined && now.modifiedMs !== undefined);
}
