/**
 * Hashes on worker threads. The calling thread hashes small amounts, and
 * everything before the first worker has started.
 *
 * @module
 */
import { isDescriptorShortage } from "../base/fd_pressure.ts";
import type { HashRequest, HashResponse } from "./hash_worker.ts";
import { sha1 } from "./sha1.ts";

/** Bytes to hash before workers are worth their start of about 70 ms. */
const WARM_UP_LENGTH = 8 * 1024 * 1024;
/** More threads hash faster than a disk reads. */
const MAX_DEFAULT_WORKERS = 4;

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
}

/** Hashes pieces in memory. */
export interface PieceHasher {
  /**
   * Hashes one piece. `bytes` begin where their buffer begins, as those of a
   * `BufferPool` do; until they are given back, perhaps in another view, nothing
   * else may use them.
   */
  hash(bytes: Uint8Array<ArrayBuffer>): Promise<HashedPiece>;
}

/** Options for {@linkcode openWorkerHasher}. */
export interface WorkerHasherOptions {
  /**
   * Most worker threads; 0 hashes everything on the calling thread.
   * @default {navigator.hardwareConcurrency}, but at most 4
   */
  readonly maxWorkers?: number;
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
  const { hardwareConcurrency } = navigator;
  return new WorkerHasher(
    options.maxWorkers ?? Math.min(hardwareConcurrency, MAX_DEFAULT_WORKERS),
  );
}

/** Hashes pieces in memory, and runs of pieces in files. */
export class WorkerHasher implements PieceHasher, Disposable {
  readonly #maxWorkers: number;
  readonly #workers: HashWorker[] = [];
  #requestedLength = 0;

  /** @internal For {@linkcode openWorkerHasher}. */
  constructor(maxWorkers: number) {
    this.#maxWorkers = maxWorkers;
  }

  /** True once a worker has started. */
  get isReady(): boolean {
    return this.#workers.some(({ isReady }) => isReady);
  }

  /** Hashes one piece, on a worker if one has started. */
  async hash(bytes: Uint8Array<ArrayBuffer>): Promise<HashedPiece> {
    const { buffer: source, length } = bytes;
    const answer = this.request({ source, length, pieceLength: length });
    if (answer === undefined) return { bytes, hash: sha1(bytes) };
    const { buffer, hashes } = await answer;
    if (buffer === undefined || hashes === undefined) {
      throw new Error("Cannot hash a piece: the worker thread failed");
    }
    return { bytes: new Uint8Array(buffer, 0, length), hash: hashes };
  }

  /**
   * Hashes pieces on the worker with the fewest requests; `undefined` if none has
   * started.
   * @internal For `hashRuns`.
   */
  request(request: HashRequest): Promise<HashResponse> | undefined {
    this.#requestedLength += request.length;
    while (
      this.#requestedLength > WARM_UP_LENGTH &&
      this.#workers.length < this.#maxWorkers && hasFreeDescriptors()
    ) {
      this.#workers.push(new HashWorker());
    }
    return this.#workers.filter(({ isReady }) => isReady)
      .sort((left, right) => left.pending.length - right.pending.length)[0]
      ?.request(request);
  }

  /** Ends the workers. */
  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker[Symbol.dispose]();
  }
}

/** One thread, which answers in the order of the requests. */
class HashWorker implements Disposable {
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
      else this.pending.shift()!(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.isReady = false;
      for (const resolve of this.pending.splice(0)) resolve({});
    };
  }

  /** The answer is empty if the thread fails. */
  request(request: HashRequest): Promise<HashResponse> {
    const { source } = request;
    return new Promise((resolve) => {
      this.pending.push(resolve);
      const transfer = source instanceof ArrayBuffer ? [source] : [];
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
