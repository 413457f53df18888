/**
 * Hashes on worker threads where cores are free for them. Small amounts are hashed
 * on the calling thread, as is everything before the first worker has started.
 *
 * @module
 */
import type { FileRun, HashRequest, HashResponse } from "./hash_worker.ts";
import { sha1 } from "./sha1.ts";

/** Content to hash before workers, which take about 70 ms to start, are worth it, in bytes. */
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
 * Opens a hasher whose workers end when it is disposed of. Workers need the
 * permission to read this library's files, and have the permissions of the thread
 * that opened the hasher; without any, this thread hashes.
 */
export function openWorkerHasher(
  options: WorkerHasherOptions = {},
): WorkerHasher {
  return new WorkerHasher(
    options.maxWorkers ??
      Math.min(navigator.hardwareConcurrency, MAX_DEFAULT_WORKERS),
  );
}

/** Hashes pieces in memory, and runs of pieces in files, on several threads. */
export class WorkerHasher implements PieceHasher, Disposable {
  readonly #maxWorkers: number;
  readonly #workers: HashWorker[] = [];
  #hashedLength = 0;

  /** @internal For {@linkcode openWorkerHasher}. */
  constructor(maxWorkers: number) {
    this.#maxWorkers = maxWorkers;
  }

  /** Whether a worker has started, so that runs need not be hashed here. */
  get isReady(): boolean {
    return this.#leastBusy() !== undefined;
  }

  /** Hashes one piece, on a worker if one has started. */
  async hash(bytes: Uint8Array<ArrayBuffer>): Promise<HashedPiece> {
    this.#startWorkers(bytes.length);
    const worker = this.#leastBusy();
    if (worker === undefined) return { bytes, hash: sha1(bytes) };
    const { buffer, length } = bytes;
    const request: HashRequest = { type: "piece", buffer, length };
    const answer = await worker.ask(request, [buffer]);
    if (answer?.type !== "piece") {
      throw new Error("Cannot hash a piece: the worker thread failed");
    }
    return {
      bytes: new Uint8Array(answer.buffer, 0, length),
      hash: answer.hash,
    };
  }

  /**
   * Reads and hashes a run on a worker: 20 bytes for each piece.
   * @returns `undefined` if no worker has started, or one could not read the files.
   * @internal For `hashRuns`.
   */
  async hashRun(run: FileRun): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#startWorkers(run.length);
    const answer = await this.#leastBusy()?.ask({ type: "run", run }, []);
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
    let best: HashWorker | undefined;
    for (const worker of this.#workers) {
      if (!worker.isReady) continue;
      if (best === undefined || worker.pendingCount < best.pendingCount) {
        best = worker;
      }
    }
    return best;
  }
}

/** One thread, which answers in the order of the requests. */
class HashWorker implements Disposable {
  readonly #worker: Worker;
  readonly #pending: ((answer: HashResponse | undefined) => void)[] = [];
  #isReady = false;

  constructor() {
    this.#worker = new Worker(new URL("./hash_worker.ts", import.meta.url), {
      type: "module",
    });
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = (event) => this.#fail(event);
  }

  /** Whether it has started; before, nothing may be requested. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Requests that are not yet answered. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** The answer; `undefined` if the thread failed. */
  ask(
    request: HashRequest,
    transfer: Transferable[],
  ): Promise<HashResponse | undefined> {
    return new Promise((resolve) => {
      this.#pending.push(resolve);
      this.#worker.postMessage(request, transfer);
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }

  #receive(response: HashResponse): void {
    if (response.type === "ready") this.#isReady = true;
    else this.#pending.shift()!(response);
  }

  /** A thread that cannot start is never ready: the calling thread goes on hashing. */
  #fail(event: ErrorEvent): void {
    event.preventDefault();
    this.#isReady = false;
    for (const resolve of this.#pending.splice(0)) resolve(undefined);
  }
}
