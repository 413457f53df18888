/**
 * The open files of one torrent: a bounded number of file descriptors, of which the
 * least recently used is closed first, and some new files that wait for their first use.
 * If the process has no descriptor left, the pool halves both limits, and a task waits.
 * Invariant: tasks on one file run one after another, because positional access is a seek
 * on a shared cursor followed by a read or write. Tasks on different files run in parallel.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { StorageError } from "../base/errors.ts";
import { FdPressure } from "../base/fd_pressure.ts";
import type { Access } from "../files/guarded_paths.ts";

/** Longest wait for a file descriptor, in milliseconds. */
const DESCRIPTOR_WAIT_MS = 10_000;
/** Time between two attempts to get a descriptor, in milliseconds. */
const DESCRIPTOR_RETRY_MS = 50;
/** New files that stay open until they are used. */
const MAX_NEW_FILES = 48;

/** Opens file number `fileIndex`; the pool closes it. */
type OpenFile = (fileIndex: number, access: Access) => Promise<Deno.FsFile>;

/**
 * Opens something. While no descriptor is left, asks other owners to close some.
 * @throws {Error} What `open` throws; a shortage only after a while, or once `isOver`.
 */
export async function withDescriptor<T>(
  open: () => Promise<T>,
  fdPressure: FdPressure = new FdPressure(),
  isOver: () => boolean = () => false,
): Promise<T> {
  const endMs = performance.now() + DESCRIPTOR_WAIT_MS;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const nowMs = performance.now();
      const isShortage = fdPressure.relieve(error, nowMs);
      if (!isShortage || nowMs >= endMs || isOver()) throw error;
      await delay(DESCRIPTOR_RETRY_MS);
    }
  }
}

interface Slot {
  opened: { readonly file: Deno.FsFile; readonly access: Access } | undefined;
  /** Resolves when the last task ends; never rejects. */
  tail: Promise<void>;
  /** Number of tasks that wait or run; a slot with a task is not closed. */
  taskCount: number;
}

/** Shares open files between tasks. */
export class FilePool implements AsyncDisposable {
  readonly #open: OpenFile;
  readonly #fdPressure: FdPressure;
  readonly #shortages: Disposable;
  /** Least recently used first. */
  readonly #slots = new Map<number, Slot>();
  #maxOpenFiles: number;
  /** New files that are open for writing and were not used yet, by index. */
  readonly #new = new Map<number, Deno.FsFile>();
  #maxNewFiles = MAX_NEW_FILES;
  /** The tail of a new slot. */
  #firstTail: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(
    open: OpenFile,
    maxOpenFiles: number,
    fdPressure = new FdPressure(),
  ) {
    this.#open = open;
    this.#maxOpenFiles = maxOpenFiles;
    this.#fdPressure = fdPressure;
    this.#shortages = this.#fdPressure.onShortage(() => this.#halve());
  }

  /**
   * Runs `task` with a file that no other task uses. A file that is open for
   * reading is reopened at its first write, so that a complete one is never opened
   * for writing.
   * @throws {StorageError} If the pool is closed, or the file cannot be opened; for
   * lack of descriptors only after a while.
   */
  use<T>(
    fileIndex: number,
    access: Access,
    task: (file: Deno.FsFile) => Promise<T>,
  ): Promise<T> {
    const slot = this.#slotOf(fileIndex);
    // The most recently used one.
    this.#slots.delete(fileIndex);
    this.#slots.set(fileIndex, slot);
    return this.#inTurn(
      [slot],
      async () => await task(await this.#fileFor(slot, fileIndex, access)),
    );
  }

  /** Takes over a new file, and keeps it open for its first use if there is room. */
  addNew(fileIndex: number, file: Deno.FsFile): void {
    this.#new.set(fileIndex, file);
    this.#closeNew(this.#isClosed ? 0 : this.#maxNewFiles);
  }

  /** Runs `task` while no other task uses some files. @throws {StorageError} If closed. */
  reserve<T>(
    fileIndexes: Iterable<number>,
    task: () => Promise<T>,
  ): Promise<T> {
    const slots = Array.from(fileIndexes, (index) => this.#slotOf(index));
    return this.#inTurn(slots, task);
  }

  /** Closes a file that no task uses, such as a reserved file. */
  close(fileIndex: number): void {
    const slot = this.#slots.get(fileIndex);
    slot?.opened?.file.close();
    if (slot) slot.opened = undefined;
  }

  /** Runs `task` while no file is open, and all other tasks wait. */
  async whileClosed(task: () => Promise<void>): Promise<void> {
    const over = Promise.withResolvers<void>();
    this.#firstTail = over.promise;
    try {
      await this.reserve([...this.#slots.keys()], async () => {
        for (const fileIndex of this.#slots.keys()) this.close(fileIndex);
        this.#closeNew(0);
        await task();
      });
    } finally {
      this.#firstTail = Promise.resolve();
      over.resolve();
    }
  }

  #slotOf(fileIndex: number): Slot {
    const slot = this.#slots.get(fileIndex) ??
      { opened: undefined, tail: this.#firstTail, taskCount: 0 };
    this.#slots.set(fileIndex, slot);
    return slot;
  }

  /** Runs `task` after those that use the files now or wait for them. */
  async #inTurn<T>(
    slots: readonly Slot[],
    task: () => Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) {
      throw new StorageError("Cannot use a file: its torrent was closed");
    }
    const over = Promise.withResolvers<void>();
    // Joins the queues of all files at once, so two tasks never wait for each other.
    const tails = slots.map(({ tail }) => tail);
    for (const slot of slots) {
      slot.taskCount++;
      slot.tail = over.promise;
    }
    try {
      await Promise.all(tails);
      return await task();
    } finally {
      over.resolve();
      for (const slot of slots) slot.taskCount--;
      if (!this.#isClosed) this.#evict();
    }
  }

  /** Closes all files once their tasks have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#shortages[Symbol.dispose]();
    await Promise.all([...this.#slots.values()].map((slot) => slot.tail));
    for (const slot of this.#slots.values()) slot.opened?.file.close();
    this.#slots.clear();
    this.#closeNew(0);
  }

  async #fileFor(
    slot: Slot,
    fileIndex: number,
    access: Access,
  ): Promise<Deno.FsFile> {
    const created = this.#new.get(fileIndex);
    if (created !== undefined) {
      this.#new.delete(fileIndex);
      slot.opened?.file.close();
      slot.opened = { file: created, access: "write" };
    }
    const { opened } = slot;
    if (opened && (access === "read" || opened.access === "write")) {
      return opened.file;
    }
    this.close(fileIndex);
    const file = await withDescriptor(
      () => this.#open(fileIndex, access),
      this.#fdPressure,
      () => this.#isClosed,
    );
    slot.opened = { file, access };
    return file;
  }

  #halve(): void {
    const openCount = this.#slots.values()
      .filter(({ opened }) => opened !== undefined).toArray().length;
    this.#maxOpenFiles = Math.min(this.#maxOpenFiles, openCount >> 1);
    this.#evict();
    this.#maxNewFiles = Math.min(this.#maxNewFiles, this.#new.size >> 1);
    this.#closeNew(this.#maxNewFiles);
  }

  /** Closes the latest new files, as they are used last. */
  #closeNew(maxCount: number): void {
    if (this.#new.size <= maxCount) return;
    for (const [fileIndex, file] of [...this.#new].slice(maxCount)) {
      file.close();
      this.#new.delete(fileIndex);
    }
  }

  /** Files in use stay open, even if that exceeds the limit. */
  #evict(): void {
    for (const [fileIndex, slot] of this.#slots) {
      if (this.#slots.size <= this.#maxOpenFiles) return;
      if (slot.taskCount > 0) continue;
      slot.opened?.file.close();
      this.#slots.delete(fileIndex);
    }
  }
}
