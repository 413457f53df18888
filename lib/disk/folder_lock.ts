/**
 * Locks that keep two processes from writing one torrent's files. A process keeps
 * one owner file in each folder open and locked, however many torrents it shares
 * there. A torrent's claim file names the owner file, and is locked itself only
 * while it is read and written. Invariant: a torrent is locked while the owner file
 * that its claim names is, so the system unlocks it when a process ends in any way.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { encodeHex } from "@std/encoding/hex";
import { StorageError } from "../base/errors.ts";
import { guardListener } from "../base/guard_listener.ts";
import { type FdPressure, isDescriptorShortage } from "../base/fd_pressure.ts";
import { foldFully } from "../metainfo/safe_path.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { withDescriptor } from "./file_pool.ts";
import { isUnwritable, OwnFolder } from "./own_folder.ts";
import { sha1 } from "./sha1.ts";

/** Longest time to take a free lock, in milliseconds: on a busy machine half a second is too short. */
const LOCK_WAIT_MS = 2_000;
/** Time between two attempts to lock, in milliseconds. */
const LOCK_RETRY_MS = 25;
/** Text of a claim: the owner file and the process that locked it. */
const CLAIM = /^([\da-f-]{36}\.owner) (\d+)$/;
/** In bytes. */
const MAX_CLAIM_LENGTH = 64;

/** Options of {@linkcode lockFolder}. */
export interface LockOptions {
  /** False: nothing is locked. @default {true} */
  readonly lock?: boolean;
  /**
   * Called where the file system has no locks or does not answer, as NFS without a
   * lock service, so that no other process is kept out. @default {nothing}
   */
  readonly onNoLock?: (reason: string) => void;
  /** Shared by the torrents of a process. @default one for this torrent */
  readonly lockOwners?: LockOwners;
  /** Frees file descriptors if there is none for a lock. @default nothing is freed */
  readonly fdPressure?: FdPressure;
}

/** A lock. If disposed of synchronously, it may leave an empty file in the folder. */
export interface FolderLock extends Disposable, AsyncDisposable {}

/**
 * Locks a torrent's files below `dir` until the lock is disposed of; the system unlocks
 * the files when the process ends in any way. `undefined` if nothing can be written. On
 * a file system without locks, only a second share in this process is refused.
 * @throws {StorageError} If the same files are shared already, or if something else
 * stands in the place of the lock.
 */
export async function lockFolder(
  torrent: Torrent,
  dir: string,
  options: LockOptions = {},
): Promise<FolderLock | undefined> {
  const { lock = true, lockOwners = new LockOwners(), fdPressure } = options;
  if (!lock) return undefined;
  const owner = lockOwners.at(dir);
  try {
    return await withDescriptor(
      () => owner.claim(torrent, options.onNoLock),
      fdPressure,
    );
  } catch (error) {
    if (isUnwritable(error) && !isDescriptorShortage(error)) return undefined;
    throw error;
  }
}

/**
 * Locks of one process, with one file descriptor for each folder. Other processes
 * find a folder's torrents locked until the last of them is unlocked.
 */
export class LockOwners {
  readonly #owners = new Map<string, LockOwner>();

  /** @internal For {@linkcode lockFolder}. */
  at(dir: string): LockOwner {
    const owner = this.#owners.get(dir) ?? new LockOwner(dir);
    this.#owners.set(dir, owner);
    return owner;
  }
}

/** The file system cannot lock; the message says why. */
class NoLockError extends Error {}

/** The owner file in one folder: open while any torrent is locked. */
class LockOwner {
  readonly #dir: string;
  /** Name of the file. */
  #name = "";
  #opening: Promise<void> | undefined;
  #opened: Deno.FsFile | undefined;
  /** The claim files of the torrents that are locked, or about to be. */
  readonly #claims = new Set<string>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Locks a torrent. @throws {StorageError} If it is locked, or the disk refuses. */
  async claim(
    torrent: Torrent,
    onNoLock?: (reason: string) => void,
  ): Promise<FolderLock> {
    const claimFile = claimFileName(torrent);
    if (this.#claims.has(claimFile)) {
      throw this.#refusal(
        torrent,
        "this program shares another torrent of that name there; choose another folder",
      );
    }
    this.#claims.add(claimFile);
    const release = (): Promise<void> => this.#release(claimFile);
    try {
      await (this.#opening ??= this.#open());
      await this.#write(claimFile, torrent);
    } catch (error) {
      // That the file system cannot lock stays known: each request that it does not
      // answer keeps a thread.
      if (!(error instanceof NoLockError)) {
        if (this.#opened === undefined) this.#opening = undefined;
        await release();
        throw error;
      }
      guardListener(onNoLock)(
        `the file system of ${this.#dir} ${error.message}; nothing keeps ` +
          "another peer from writing the same files",
      );
    }
    return {
      [Symbol.dispose]: () => void release(),
      [Symbol.asyncDispose]: release,
    };
  }

  /** Makes and locks the owner file, which no other process knows yet. */
  async #open(): Promise<void> {
    this.#name = `${crypto.randomUUID()}.owner`;
    const { file } = await new OwnFolder(this.#dir).open(this.#name, "create");
    try {
      if (!await requestLock(file, true)) {
        throw new NoLockError("does not answer requests for locks");
      }
      this.#opened = file;
      // Once for each folder of a process. Those that stay are harmless.
      await new OwnFolder(this.#dir).removeLeftovers().catch(() => {});
    } catch (error) {
      await new OwnFolder(this.#dir).remove(this.#name);
      throw error;
    }
  }

  /** Writes the claim of a torrent, unless that of another owner holds. */
  async #write(claimFile: string, torrent: Torrent): Promise<void> {
    const { file } = await new OwnFolder(this.#dir).open(claimFile, "write");
    // Waits, as other processes that start lock the claim file for a moment.
    if (!await requestLock(file, true)) throw this.#isTaken(torrent);
    using _ = file;
    // Reads under the lock, as the file's size may have changed since the open.
    const bytes = new Uint8Array(MAX_CLAIM_LENGTH);
    const length = await file.read(bytes) ?? 0;
    const text = new TextDecoder().decode(bytes.subarray(0, length));
    const [, owner, pid] = CLAIM.exec(text) ?? [];
    const isOther = owner !== undefined && owner !== this.#name;
    if (isOther && await this.#isLocked(owner)) {
      throw this.#isTaken(torrent, ` (process ${pid})`);
    }
    await file.truncate(0);
    await file.seek(0, Deno.SeekMode.Start);
    await file.write(new TextEncoder().encode(`${this.#name} ${Deno.pid}`));
  }

  /** True if an owner's process still runs; else removes its owner file. */
  async #isLocked(owner: string): Promise<boolean> {
    try {
      const folder = new OwnFolder(this.#dir);
      const { file } = await folder.open(owner, "read");
      // A shared lock, as two processes may check the same owner at the same time.
      if (!await requestLock(file, false)) return true;
      file.close();
      await folder.remove(owner);
    } catch (error) {
      if (isDescriptorShortage(error)) throw error;
      // The owner file is gone.
    }
    return false;
  }

  /** Closes the owner file if no torrent is left. */
  async #release(claimFile: string): Promise<void> {
    if (!this.#claims.delete(claimFile) || this.#claims.size > 0) return;
    if (this.#opened === undefined) return;
    this.#opening = undefined;
    this.#opened.close();
    this.#opened = undefined;
    await new OwnFolder(this.#dir).remove(this.#name);
  }

  #isTaken(torrent: Torrent, process = ""): StorageError {
    return this.#refusal(
      torrent,
      `another peer does so already${process}; end that one first or choose another folder`,
    );
  }

  #refusal({ name }: Torrent, reason: string): StorageError {
    return new StorageError(`Cannot share ${name} in ${this.#dir}: ${reason}`);
  }
}

/**
 * True if a file is locked now. Otherwise, after a while, another process holds the
 * lock or the file system does not answer, and the file is closed. A request that is
 * not answered goes on in another thread until this process ends.
 * @throws {NoLockError} If the file system has no locks.
 */
async function requestLock(
  file: Deno.FsFile,
  exclusive: boolean,
): Promise<boolean> {
  // Deno 2.4 can only wait for a lock; later versions wait in this thread for the
  // answer of `lock`, and in another one for that of `tryLock`.
  const { tryLock } = file as {
    tryLock?: (exclusive: boolean) => Promise<boolean>;
  };
  const endMs = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const locking = tryLock?.call(file, exclusive) ??
      file.lock(exclusive).then(() => true);
    const signal = AbortSignal.timeout(LOCK_WAIT_MS);
    try {
      if (await abortable(locking, signal)) return true;
    } catch (error) {
      void locking.catch(() => {}).finally(() => file.close());
      if (signal.aborted) return false;
      const reason = error instanceof Error ? error.message : String(error);
      throw new NoLockError(`has no locks (${reason})`);
    }
    if (!exclusive || performance.now() >= endMs) {
      file.close();
      return false;
    }
    await delay(LOCK_RETRY_MS);
  }
}

/** By the torrent's name: two torrents of one name write the same files. */
function claimFileName({ name }: Torrent): string {
  const folded = new TextEncoder().encode(foldFully(name));
  return `${encodeHex(sha1(folded))}.lock`;
}
