/**
 * The open files of one torrent: at most so many handles, the longest unused is
 * closed first. Where the system has no more handles for this process the pool
 * makes do with half of those that it has, and a task waits for one. Invariant:
 * tasks on one file run one after another, because a positional access here is a
 * seek and then a read or write on a shared cursor; tasks on different files run
 * side by side.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { StorageError } from "../base/errors.ts";
import { FdPressure } from "../base/fd_pressure.ts";
import type { Access } from "./guarded_folder.ts";

/** Longest wait for a handle, in milliseconds. */
const HANDLE_TIMEOUT_MS = 10_000;
/** Time between two tries to have one, in milliseconds. */
const HANDLE_RETRY_MS = 50;

/** Opens file number `fileIndex`; the pool closes it. */
export type OpenFile = (
  fileIndex: number,
  access: Access,
) => Promise<Deno.FsFile>;

interface Slot {
  handle: { readonly file: Deno.FsFile; readonly access: Access } | undefined;
  /** Resolves when the last queued task is over; never rejects. */
  tail: Promise<unknown>;
  /** Tasks queued or running. A slot with any is not closed. */
  taskCount: number;
}

/** Options for {@linkcode FilePool}. */
export interface FilePoolOptions {
  readonly maxOpenFiles: number;
  /** Shared with whatever else opens files or sockets. @default its own */
  readonly fdPressure?: FdPressure | undefined;
}

/** Shares open files between tasks. */
export class FilePool implements AsyncDisposable {
  readonly #open: OpenFile;
  readonly #fdPressure: FdPressure;
  #maxOpenFiles: number;
  /** Longest unused first. */
  readonly #slots = new Map<number, Slot>();
  readonly #givingWay: Disposable;
  #closed = false;

  constructor(open: OpenFile, options: FilePoolOptions) {
    this.#open = open;
    this.#maxOpenFiles = options.maxOpenFiles;
    this.#fdPressure = options.fdPressure ?? new FdPressure();
    this.#givingWay = this.#fdPressure.onShortage(() => this.#giveWay());
  }

  /**
   * Runs `task` with a file, alone on it. A file open for reading is opened
   * again at its first write, so that a complete one is never opened for more.
   * @throws {StorageError} If the pool is closed, or what opening throws; that no
   * handle is to be had after a while only.
   */
  async use<T>(
    fileIndex: number,
    access: Access,
    task: (file: Deno.FsFile) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) {
      throw new StorageError("Cannot use a file: its torrent was closed");
    }
    const slot = this.#slots.get(fileIndex) ??
      { handle: undefined, tail: Promise.resolve(), taskCount: 0 };
    this.#slots.delete(fileIndex);
    this.#slots.set(fileIndex, slot);
    slot.taskCount++;
    const run = slot.tail.then(async () =>
      await task(await this.#handleFor(slot, fileIndex, access))
    );
    // The next task starts whatever became of this one; the caller hears of it.
    slot.tail = run.catch(() => undefined);
    try {
      return await run;
    } finally {
      slot.taskCount--;
      if (!this.#closed) this.#closeLongestUnused();
    }
  }

  /** Closes all files once the queued tasks are over. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#givingWay[Symbol.dispose]();
    await Promise.all([...this.#slots.values()].map((slot) => slot.tail));
    for (const slot of this.#slots.values()) slot.handle?.file.close();
    this.#slots.clear();
  }

  async #handleFor(
    slot: Slot,
    fileIndex: number,
    access: Access,
  ): Promise<Deno.FsFile> {
    if (
      slot.handle !== undefined &&
      (access === "read" || slot.handle.access === "write")
    ) {
      return slot.handle.file;
    }
    slot.handle?.file.close();
    slot.handle = undefined;
    const file = await this.#openInTime(fileIndex, access);
    slot.handle = { file, access };
    return file;
  }

  async #openInTime(fileIndex: number, access: Access): Promise<Deno.FsFile> {
    const endMs = performance.now() + HANDLE_TIMEOUT_MS;
    for (;;) {
      try {
        return await this.#open(fileIndex, access);
      } catch (error) {
        const now = performance.now();
        const isShortage = this.#fdPressure.relieve(error, now);
        if (!isShortage || now >= endMs || this.#closed) throw error;
        await delay(HANDLE_RETRY_MS);
      }
    }
  }

  #giveWay(): void {
    const slots = [...this.#slots.values()];
    const openCount = slots.filter(({ handle }) => handle !== undefined).length;
    this.#maxOpenFiles = Math.min(this.#maxOpenFiles, openCount >> 1);
    this.#closeLongestUnused();
  }

  /** Busy files stay open: the limit may be passed for as long as they are. */
  #closeLongestUnused(): void {
    for (const [fileIndex, slot] of this.#slots) {
      if (this.#slots.size <= this.#maxOpenFiles) return;
      if (slot.taskCount > 0) continue;
      slot.handle?.file.close();
      this.#slots.delete(fileIndex);
    }
  }
}
