/**
 * Hashes on worker threads. The calling thread hashes small amounts, and
 * everything before the first worker has started.
 *
 * @module
 */
import type { FileRun, HashRequest, HashResponse } from "./hash_worker.ts";
import { sha1 } from "./sha1.ts";

/** Bytes to hash before workers are worth their start of about 70 ms. */
const WARM_UP_LENGTH = 8 * 1024 * 1024;
/** More threads hash faster than a disk reads. */
const MAX_DEFAULT_WORKERS = 4;

/** A piece that was hashed. */
export interface HashedPiece {
  /** The piece, in the buffer that was passed in. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its SHA-1, 20 bytes. */
  readonly hash: Uint8Array<ArrayBuffer>;
}

/** Hashes pieces in memory. */
export interface PieceHasher {
  /**
   * Hashes one piece. `bytes` begin where their buffer begins; until they are
   * given back, perhaps in another view, nothing else may use them.
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
 * the hasher. Where no worker can start, the calling thread hashes.
 */
export function openWorkerHasher(
  options: WorkerHasherOptions = {},
): WorkerHasher {
  const defaultCount = Math.min(
    navigator.hardwareConcurrency,
    MAX_DEFAULT_WORKERS,
  );
  return new WorkerHasher(options.maxWorkers ?? defaultCount);
}

/** Hashes pieces in memory, and runs of pieces in files. */
export class WorkerHasher implements PieceHasher, Disposable {
  readonly #maxWorkers: number;
  readonly #workers: HashWorker[] = [];
  #hashedLength = 0;

  /** @internal For {@linkcode openWorkerHasher}. */
  constructor(maxWorkers: number) {
    this.#maxWorkers = maxWorkers;
  }

  /** True once a worker has started. */
  get isReady(): boolean {
    return this.#leastBusy() !== undefined;
  }

  /** Hashes one piece, on a worker if one has started. */
  async hash(bytes: Uint8Array<ArrayBuffer>): Promise<HashedPiece> {
    this.#startWorkers(bytes.length);
    const worker = this.#leastBusy();
    if (worker === undefined) return { bytes, hash: sha1(bytes) };
    const { buffer, length } = bytes;
    const answer = await worker.ask({ type: "piece", buffer, length }, buffer);
    if (answer?.type !== "piece") {
      throw new Error("Cannot hash a piece: the worker thread failed");
    }
    const { hash } = answer;
    return { bytes: new Uint8Array(answer.buffer, 0, length), hash };
  }

  /**
   * Reads and hashes a run of pieces on a worker: 20 bytes a piece.
   * @returns `undefined` if no worker has started, or one could not read a file.
   * @internal For `hashRuns`.
   */
  async hashRun(run: FileRun): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#startWorkers(run.length);
    const answer = await this.#leastBusy()?.ask({ type: "run", run });
    return answer?.type === "run" ? answer.hashes : undefined;
  }

  /** Ends the workers. */
  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker[Symbol.dispose]();
  }

  #startWorkers(length: number): void {
    this.#hashedLength += length;
    if (this.#hashedLength <= WARM_UP_LENGTH) return;
    while (this.#workers.length < this.#maxWorkers) {
      this.#workers.push(new HashWorker());
    }
  }

  #leastBusy(): HashWorker | undefined {
    return this.#workers.filter(({ isReady }) => isReady)
      .sort((left, right) => left.pendingCount - right.pendingCount)[0];
  }
}

/** One thread, which answers in the order of the requests. */
class HashWorker implements Disposable {
  readonly #worker = new Worker(
    new URL("./hash_worker.ts", import.meta.url),
    { type: "module" },
  );
  readonly #pending: ((answer: HashResponse | undefined) => void)[] = [];
  /** True once the thread has started, until it fails. */
  isReady = false;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<HashResponse>) => {
      if (data.type === "ready") this.isReady = true;
      else this.#pending.shift()!(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.isReady = false;
      for (const resolve of this.#pending.splice(0)) resolve(undefined);
    };
  }

  /** Requests that are not yet answered. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** The answer; `undefined` if the thread failed. */
  ask(
    request: HashRequest,
    ...transfer: ArrayBuffer[]
  ): Promise<HashResponse | undefined> {
    return new Promise((resolve) => {
      this.#pending.push(resolve);
      this.#worker.postMessage(request, transfer);
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
