/**
 * A worker thread that hashes: pieces in memory, and runs of pieces in files that
 * it opens itself. It reports no errors. The main thread repeats a run that failed
 * here, and so meets the error where it can be explained.
 *
 * @module
 */
import { join } from "@std/path";
import type { FileSpan } from "../metainfo/file_spans.ts";
import { FileSystem } from "./file_system.ts";
import { GuardedFolder } from "./guarded_folder.ts";
import { PieceHashes, READ_LENGTH } from "./sha1.ts";
import type { ContentFiles } from "./storage.ts";

/** Consecutive pieces to hash. */
export interface HashRequest {
  /** A buffer that begins with them, which is transferred; or the files that hold them. */
  readonly source: ArrayBuffer | FileParts;
  /** In bytes. */
  readonly length: number;
  /** Of every piece but the last, in bytes. */
  readonly pieceLength: number;
}

/** Consecutive bytes in files. */
export interface FileParts extends Pick<ContentFiles, "guardedDir"> {
  readonly parts: readonly (Omit<FileSpan, "fileIndex"> & {
    /** As in {@linkcode ContentFiles}; `undefined`: zeros. */
    readonly path: readonly string[] | undefined;
  })[];
}

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
  const fileSystem = new FileSystem();
  const bytes = new Uint8Array(READ_LENGTH);
  let last: Promise<void> = Promise.resolve();

  async function answer(request: HashRequest): Promise<void> {
    const { source, length } = request;
    const hashes = new PieceHashes(request);
    if (source instanceof ArrayBuffer) {
      hashes.add(new Uint8Array(source, 0, length));
      const response = { hashes: hashes.finish(), buffer: source };
      return scope.postMessage(response, [source]);
    }
    try {
      await readParts(source, hashes);
      scope.postMessage({ hashes: hashes.finish() });
    } catch {
      // The main thread repeats the run and reports the error.
      scope.postMessage({});
    }
  }

  async function readParts(
    { guardedDir, parts }: FileParts,
    hashes: PieceHashes,
  ): Promise<void> {
    const folder = guardedDir === undefined
      ? undefined
      : new GuardedFolder(guardedDir, { fileSystem, readsFollowLinks: true });
    for (const { path, offsetInFile, length } of parts) {
      using file = path &&
        (folder === undefined
          ? await fileSystem.open(join(...path), { read: true })
          : (await folder.open(path, "read")).file);
      for (let done = 0; done < length; done += READ_LENGTH) {
        const part = bytes.subarray(0, length - done);
        if (file === undefined) part.fill(0);
        else await fileSystem.read(file, offsetInFile + done, part);
        hashes.add(part);
      }
    }
  }

  scope.onmessage = ({ data }) => {
    last = last.then(() => answer(data));
  };
  scope.postMessage("started");
}

serve(self as unknown as WorkerScope);
