/**
 * Hashes on worker threads. The calling thread hashes pieces in memory before the
 * first worker has started, and files beside the workers.
 *
 * @module
 */
import { isDescriptorShortage } from "../base/fd_pressure.ts";
import type { HashRequest, HashResponse } from "./hash_worker.ts";
import { sha1 } from "./sha1.ts";
import { SpareCore } from "./spare_core.ts";
import type { ByteRange, LendPlace, LentPlace } from "./storage.ts";

/** Bytes to hash before workers are worth their start of about 70 ms. */
const WARM_UP_LENGTH = 8 * 1024 * 1024;
/** More threads hash faster than a disk reads. */
const MAX_DEFAULT_WORKERS = 3;

/**
 * File descriptors that must be free for a worker to start: with fewer than eight,
 * Deno ends the whole process.
 */
const FREE_DESCRIPTORS = 16;

/** A piece that was hashed. */
export interface HashedPiece {
  /** The piece, in the buffer that was passed in. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** 20 bytes. */
  readonly hash: Uint8Array<ArrayBuffer>;
  /** True if it matches and is stored. @default {false} */
  readonly isWritten?: boolean;
}

/** A piece that is written once its hash matches. */
export interface PieceTarget {
  /** The piece in the content. */
  readonly range: ByteRange;
  /** 20 bytes in a small buffer, as all of the buffer is copied to a worker. */
  readonly expected: Uint8Array;
  /** As that of a storage. */
  readonly lend: LendPlace;
}

/** Hashes pieces in memory. */
export interface PieceHasher {
  /**
   * Hashes one piece. `bytes` begin where their buffer begins, as those of a
   * `BufferPool` do; until they are given back, perhaps in another view, nothing
   * else may use them.
   * @param target Where the piece may be written if its hash is the expected one.
   * @throws {StorageError} If the disk refuses to lend the place.
   */
  hash(
    bytes: Uint8Array<ArrayBuffer>,
    target?: PieceTarget,
  ): Promise<HashedPiece>;
}

/** Options for {@linkcode openWorkerHasher}. */
export interface WorkerHasherOptions {
  /**
   * Most worker threads beside the calling thread, which hashes files too; 0 hashes
   * everything there.
   * @default {navigator.hardwareConcurrency - 1}, but at most 3
   */
  readonly maxWorkers?: number;
  /**
   * True to have one worker hash pieces, and all of them write pieces too, while the
   * process is busy and a core idle; to measure that needs `--allow-sys=cpus`.
   * @default {false} All hash pieces, and write none.
   */
  readonly onSpareCore?: boolean;
}

/**
 * Opens a hasher; disposing of it ends its workers. A worker needs the permission
 * to read this library's files, and has the permissions of the thread that opened
 * the hasher. If no worker can start, or as long as the process has hardly a file
 * descriptor left, the calling thread hashes.
 */
export function openWorkerHasher(
  options: WorkerHasherOptions = {},
): WorkerHasher {
  const otherCores = navigator.hardwareConcurrency - 1;
  const { maxWorkers = Math.min(otherCores, MAX_DEFAULT_WORKERS) } = options;
  const measures = options.onSpareCore && maxWorkers > 1;
  return new WorkerHasher(maxWorkers, measures ? new SpareCore() : undefined);
}

/** Hashes pieces in memory, and runs of pieces in files. */
export class WorkerHasher implements PieceHasher, Disposable {
  readonly #maxWorkers: number;
  readonly #spareCore: SpareCore | undefined;
  readonly #workers: HashWorker[] = [];
  #requestedLength = 0;

  /** @internal For {@linkcode openWorkerHasher}. */
  constructor(maxWorkers: number, spareCore?: SpareCore) {
    this.#maxWorkers = maxWorkers;
    this.#spareCore = spareCore;
  }

  /** True once a worker has started. */
  get isReady(): boolean {
    return this.#readyWorkers.length > 0;
  }

  /** Hashes one piece, on a worker if one has started; that may also write it. */
  async hash(
    bytes: Uint8Array<ArrayBuffer>,
    target?: PieceTarget,
  ): Promise<HashedPiece> {
    const mayWrite = this.#spareCore?.isFound(performance.now()) ?? false;
    // One worker keeps up with hashing, two with the writes as well.
    const isOneEnough = this.#spareCore !== undefined && !mayWrite;
    const maxCount = isOneEnough ? 1 : this.#maxWorkers;
    if (this.workersFor(bytes.length, maxCount).length === 0) {
      return { bytes, hash: sha1(bytes) };
    }
    if (!mayWrite || target === undefined) return await this.#hash(bytes);
    const { range, expected, lend } = target;
    return await lend(range, (place) => this.#hash(bytes, place, expected));
  }

  async #hash(
    bytes: Uint8Array<ArrayBuffer>,
    place?: LentPlace,
    expected?: Uint8Array,
  ): Promise<HashedPiece> {
    const [worker] = this.#readyWorkers
      .sort((left, right) => left.pending.length - right.pending.length);
    if (worker === undefined) return { bytes, hash: sha1(bytes) };
    const { buffer: source, length } = bytes;
    const { buffer, hashes: hash, isWritten = false } = await worker.request({
      ...{ buffer: source, length, place, expected },
    });
    if (buffer === undefined || hash === undefined) {
      throw new Error("Cannot hash a piece: the worker thread failed");
    }
    return { bytes: new Uint8Array(buffer, 0, length), hash, isWritten };
  }

  /**
   * The workers that have started; more are started once there is much to hash.
   * @param length Bytes to hash now.
   * @param maxCount Most workers to start.
   * @internal For `hashRuns`.
   */
  workersFor(
    length: number,
    maxCount: number = this.#maxWorkers,
  ): HashWorker[] {
    this.#requestedLength += length;
    while (
      this.#requestedLength > WARM_UP_LENGTH &&
      this.#workers.length < maxCount && hasFreeDescriptors()
    ) {
      this.#workers.push(new HashWorker());
    }
    return this.#readyWorkers;
  }

  get #readyWorkers(): HashWorker[] {
    return this.#workers.filter(({ isReady }) => isReady);
  }

  /** Ends the workers. */
  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker[Symbol.dispose]();
  }
}

/** One thread, which answers in the order of the requests. */
export class HashWorker implements Disposable {
  /** True once the thread has started, until it fails. */
  isReady = false;
  /** Requests that are not yet answered. */
  readonly pending: ((response: HashResponse) => void)[] = [];
  readonly #worker = new Worker(
    new URL("./hash_worker.ts", import.meta.url),
    { type: "module" },
  );

  constructor() {
    this.#worker.onmessage = ({ data }) => {
      if (data === "started") this.isReady = true;
      // None is left for an answer that arrives after the error.
      else this.pending.shift()?.(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.isReady = false;
      for (const resolve of this.pending.splice(0)) resolve({});
    };
  }

  /** The answer is empty if the thread fails, or has failed. */
  request(request: HashRequest): Promise<HashResponse> {
    if (!this.isReady) return Promise.resolve({});
    return new Promise((resolve) => {
      this.pending.push(resolve);
      const transfer = "buffer" in request ? [request.buffer] : [];
      this.#worker.postMessage(request, transfer);
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/** False if too few file descriptors are free; true where that cannot be found out. */
function hasFreeDescriptors(): boolean {
  const path = "/dev/null";
  if (Deno.build.os === "windows") return true;
  const { state } = Deno.permissions.querySync({ name: "read", path });
  if (state !== "granted") return true;
  using files = new DisposableStack();
  try {
    for (let count = 0; count < FREE_DESCRIPTORS; count++) {
      files.use(Deno.openSync(path));
    }
  } catch (error) {
    return !isDescriptorShortage(error);
  }
  return true;
}
