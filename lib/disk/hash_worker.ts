/**
 * A worker thread that hashes: pieces in memory, and runs of pieces in files that
 * it opens itself. It reports no errors. The main thread repeats a run that failed
 * here, and so meets the error where it can be explained.
 *
 * @module
 */
import { join } from "@std/path";
import { GuardedFolder } from "./guarded_folder.ts";
import { PieceHashes, sha1 } from "./sha1.ts";
import { SyncWhenFast } from "./sync_when_fast.ts";

/** Bytes to read at a time: they stay in a core's cache until they are hashed. */
const READ_LENGTH = 256 * 1024;

/** Consecutive pieces, and the files that hold them. */
export interface FileRun {
  /** The folder that no file may lie outside of; `undefined`: links are followed. */
  readonly guardedDir: string | undefined;
  readonly parts: readonly FilePart[];
  /** Of all parts, in bytes. */
  readonly length: number;
  /** Of every piece but the last, in bytes. */
  readonly pieceLength: number;
}

/** Consecutive bytes of one file. */
export interface FilePart {
  /** Components below the guarded folder, or an absolute path; `undefined`: zeros. */
  readonly path: readonly string[] | undefined;
  readonly offsetInFile: number;
  /** In bytes. */
  readonly length: number;
}

/** A request. The buffer of a piece is transferred, and back. */
export type HashRequest =
  | {
    readonly type: "piece";
    readonly buffer: ArrayBuffer;
    /** Of the piece at the start of the buffer, in bytes. */
    readonly length: number;
  }
  | { readonly type: "run"; readonly run: FileRun };

/** That the worker has started, or the answer to a request, in their order. */
export type HashResponse =
  | { readonly type: "ready" }
  | {
    readonly type: "piece";
    readonly buffer: ArrayBuffer;
    readonly hash: Uint8Array<ArrayBuffer>;
  }
  | {
    readonly type: "run";
    /** 20 bytes a piece; `undefined` if a file could not be read. */
    readonly hashes: Uint8Array<ArrayBuffer> | undefined;
  };

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<HashRequest>) => void;
  postMessage(message: HashResponse, transfer: Transferable[]): void;
}

function serve(scope: WorkerScope): void {
  const fileSystem = new SyncWhenFast();
  const buffer = new Uint8Array(READ_LENGTH);
  let last: Promise<void> = Promise.resolve();

  async function answer(request: HashRequest): Promise<void> {
    if (request.type === "piece") {
      const { buffer, length } = request;
      const hash = sha1(new Uint8Array(buffer, 0, length));
      return scope.postMessage({ type: "piece", buffer, hash }, [buffer]);
    }
    const hashes = await hashRun(request.run)
      // The main thread repeats the run and reports the error.
      .catch(() => undefined);
    scope.postMessage({ type: "run", hashes }, []);
  }

  async function hashRun(run: FileRun): Promise<Uint8Array<ArrayBuffer>> {
    const hashes = new PieceHashes(run);
    const folder = run.guardedDir === undefined
      ? undefined
      : new GuardedFolder(run.guardedDir, fileSystem);

    async function open(path: readonly string[]): Promise<Deno.FsFile> {
      if (folder !== undefined) return (await folder.open(path, "read")).file;
      return await fileSystem.open(join(...path), { read: true });
    }

    for (const { path, offsetInFile, length } of run.parts) {
      using file = path && await open(path);
      for (let done = 0; done < length;) {
        const bytes = buffer.subarray(0, length - done);
        if (file === undefined) bytes.fill(0);
        else await fileSystem.read(file, offsetInFile + done, bytes);
        hashes.add(bytes);
        done += bytes.length;
      }
    }
    return hashes.finish();
  }

  scope.onmessage = ({ data }) => {
    last = last.then(() => answer(data));
  };
  scope.postMessage({ type: "ready" }, []);
}

serve(self as unknown as WorkerScope);
