/**
 * A worker thread that hashes: pieces in memory, which it writes if they match, and
 * runs of pieces in files. It opens files itself, as threads cannot share an open one.
 * Invariant: it writes only to the very file that the main thread has opened and
 * confirmed, known by its number, wherever the path leads meanwhile. It reports no
 * errors. The main thread repeats what failed here, and so meets the error where it
 * can be explained.
 *
 * @module
 */
import { equals } from "@std/bytes/equals";
import { FileSystem, stampOf } from "../files/file_system.ts";
import { GuardedPaths } from "../files/guarded_paths.ts";
import { FileHasher, type FileParts } from "./piece_hashes.ts";
import { sha1 } from "./sha1.ts";
import { isZero, type LentPlace } from "./storage.ts";

/**
 * Pieces to hash: consecutive ones in files, or one at the start of a buffer, which
 * is transferred.
 */
export type HashRequest = FileParts | {
  readonly buffer: ArrayBuffer;
  readonly length: number;
  /** The place of the piece, if it is to be written. */
  readonly place?: LentPlace | undefined;
  /** The hash that it must have to be written. */
  readonly expected?: Uint8Array | undefined;
};

/** The answer to a request, in their order; or, first, that the worker has started. */
export interface HashResponse {
  /** 20 bytes a piece; `undefined` if a file could not be read. */
  readonly hashes?: Uint8Array<ArrayBuffer> | undefined;
  /** The buffer of the request, transferred back. */
  readonly buffer?: ArrayBuffer;
  /** True if the piece is written. */
  readonly isWritten?: boolean;
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
  // No other work waits for a turn: messages are answered one by one.
  const hasher = new FileHasher(Infinity);
  const fileSystem = new FileSystem();
  let last: Promise<void> = Promise.resolve();

  async function answer(request: HashRequest): Promise<void> {
    if ("buffer" in request) {
      const { buffer, length, place, expected } = request;
      const bytes = new Uint8Array(buffer, 0, length);
      const hashes = sha1(bytes);
      const mayWrite = expected !== undefined && equals(hashes, expected);
      const isWritten = mayWrite && place !== undefined
        ? await write(place, bytes).catch(() => false)
        : false;
      return scope.postMessage({ hashes, buffer, isWritten }, [buffer]);
    }
    const hashes = await hasher.hash(request).catch(() => undefined);
    scope.postMessage({ hashes });
  }

  async function write(
    { guardedDir, path, stamp, offsetInFile, isNew }: LentPlace,
    bytes: Uint8Array,
  ): Promise<boolean> {
    if (isNew && isZero(bytes)) return false;
    const paths = new GuardedPaths(guardedDir, { fileSystem });
    // Refuses links and pipes before the open, which would follow or block.
    const found = await paths.findFile(path, "part");
    if (found === undefined) return false;
    using file = await fileSystem.open(found.place, { write: true });
    const { device, inode } = stampOf(await fileSystem.stat(file));
    const isRight = inode === stamp.inode && device === stamp.device;
    if (inode === undefined || !isRight) return false;
    await fileSystem.write(file, offsetInFile, bytes);
    return true;
  }

  scope.onmessage = ({ data }) => {
    last = last.then(() => answer(data));
  };
  scope.postMessage("started");
}

serve(self as unknown as WorkerScope);
