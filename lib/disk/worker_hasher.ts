/**
 * The hasher of the programs: on worker threads where there are cores for them,
 * on the thread that asks where there are none, and until a worker runs.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { HashRequest, HashWorkerMessage } from "./hash_messages.ts";
import type { HashedPieces, PieceHasher } from "./piece_hasher.ts";

/** Content to hash, in bytes, before workers are worth their start of some 70 ms. */
const WARM_UP_LENGTH = 8 * 1024 * 1024;

/** Options for {@linkcode openWorkerHasher}. */
export interface WorkerHasherOptions {
  /**
   * Workers at most; 0 for none.
   * @default {navigator.hardwareConcurrency}, but 4 at most: more hash faster than a disk reads.
   */
  readonly maxWorkers?: number;
}

/**
 * Opens a hasher; its workers end when it is disposed of. Needs the permission
 * to read this library's files, as a worker is one.
 */
export async function openWorkerHasher(
  options: WorkerHasherOptions = {},
): Promise<PieceHasher> {
  const { sha1Pieces } = await import("./sha1_pieces.ts");
  const maxWorkers = options.maxWorkers ??
    Math.min(navigator.hardwareConcurrency, 4);
  return new WorkerHasher(maxWorkers, sha1Pieces);
}

type HashFunction = (bytes: Uint8Array, pieceLength: number) => Uint8Array<
  ArrayBuffer
>;

class WorkerHasher implements PieceHasher {
  readonly #maxWorkers: number;
  readonly #sha1Pieces: HashFunction;
  readonly #workers: HashWorker[] = [];
  #hashedLength = 0;

  constructor(maxWorkers: number, sha1Pieces: HashFunction) {
    this.#maxWorkers = maxWorkers;
    this.#sha1Pieces = sha1Pieces;
  }

  async hash(
    bytes: Uint8Array<ArrayBuffer>,
    pieceLength: number,
  ): Promise<HashedPieces> {
    this.#hashedLength += bytes.length;
    if (this.#hashedLength > WARM_UP_LENGTH) this.#startWorkers();
    const worker = this.#leastBusy();
    if (worker !== undefined) return await worker.hash(bytes, pieceLength);
    const hashes = this.#sha1Pieces(bytes, pieceLength);
    // Or who reads without waiting would never hear that a worker is ready.
    if (this.#workers.length > 0) await delay(0);
    return { bytes, hashes };
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker[Symbol.dispose]();
  }

  #startWorkers(): void {
    while (this.#workers.length < this.#maxWorkers) {
      this.#workers.push(new HashWorker());
    }
  }

  #leastBusy(): HashWorker | undefined {
    let best: HashWorker | undefined;
    for (const worker of this.#workers) {
      if (!worker.isReady) continue;
      if (best === undefined || worker.waitingCount < best.waitingCount) {
        best = worker;
      }
    }
    return best;
  }
}

interface Waiting {
  readonly length: number;
  readonly resolve: (pieces: HashedPieces) => void;
  readonly reject: (reason: unknown) => void;
}

/** One thread. It answers requests in their order. */
class HashWorker implements Disposable {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #isReady = false;

  constructor() {
    this.#worker = new Worker(new URL("./hash_worker.ts", import.meta.url), {
      type: "module",
    });
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = (event) => this.#fail(event);
  }

  /** Whether it runs: before, nothing may be asked of it. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Requests not yet answered. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  hash(
    bytes: Uint8Array<ArrayBuffer>,
    pieceLength: number,
  ): Promise<HashedPieces> {
    const { buffer, length } = bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ length, resolve, reject });
      const request: HashRequest = { buffer, length, pieceLength };
      this.#worker.postMessage(request, [buffer]);
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }

  #receive(message: HashWorkerMessage): void {
    if (message.type === "ready") {
      this.#isReady = true;
      return;
    }
    const { length, resolve } = this.#waiting.shift()!;
    resolve({
      bytes: new Uint8Array(message.buffer, 0, length),
      hashes: message.hashes,
    });
  }

  /** One that cannot start is never ready: this thread goes on hashing. */
  #fail(event: ErrorEvent): void {
    event.preventDefault();
    this.#isReady = false;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(event.error ?? new Error(event.message));
    }
  }
}
