/**
 * A worker thread that hashes: pieces in memory, and runs of pieces in files that
 * it opens itself. It reports no errors. The main thread repeats a run that failed
 * here, and so meets the error where it can be explained.
 *
 * @module
 */
import { FileHasher, type FileParts } from "./piece_hashes.ts";
import { sha1 } from "./sha1.ts";

/**
 * Pieces to hash: consecutive ones in files, or one at the start of a buffer, which
 * is transferred.
 */
export type HashRequest = FileParts | {
  readonly buffer: ArrayBuffer;
  readonly length: number;
};

/** The answer to a request, in their order; or, first, that the worker has started. */
export interface HashResponse {
  /** 20 bytes a piece; `undefined` if a file could not be read. */
  readonly hashes?: Uint8Array<ArrayBuffer> | undefined;
  /** The buffer of the request, transferred back. */
  readonly buffer?: ArrayBuffer;
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<HashRequest>) => void;
  postMessage(
    message: HashResponse | "started",
    transfer?: Transferable[],
  ): void;
}

function serve(scope: WorkerScope): void {
  const hasher = new FileHasher();
  let last: Promise<void> = Promise.resolve();

  async function answer(request: HashRequest): Promise<void> {
    if ("buffer" in request) {
      const { buffer, length } = request;
      const hashes = sha1(new Uint8Array(buffer, 0, length));
      return scope.postMessage({ hashes, buffer }, [buffer]);
    }
    const hashes = await hasher.hash(request).catch(() => undefined);
    scope.postMessage({ hashes });
  }

  scope.onmessage = ({ data }) => {
    last = last.then(() => answer(data));
  };
  scope.postMessage("started");
}

serve(self as unknown as WorkerScope);
