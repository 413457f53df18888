/**
 * The executables that a share offers to machines with nothing installed: the running
 * executable, and executables of other systems beside it. Each is hashed at its first
 * request, and again after it was replaced.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { loadNodeModule } from "../net/node_modules.ts";
import { JOIN_TARGETS, type OfferedExecutable } from "./join_script.ts";

/** Bytes that are read and hashed in one turn of the event loop. */
const CHUNK_LENGTH = 1024 * 1024;

/** An executable on the disk, as it was when it was hashed. */
export interface ExecutableFile extends OfferedExecutable {
  /** Its path. */
  readonly path: string;
  /** In bytes. */
  readonly length: number;
}

/** Finds and hashes executables. */
export class ExecutableFolder {
  readonly #hostPath: string;
  readonly #hostTarget: string;
  /** By path, size and time of modification. */
  readonly #hashes = new Map<string, Promise<string>>();

  /**
   * Searches nothing yet.
   * @param hostPath An executable of any name; its folder has `lanswarm-TARGET`.
   * @param hostTarget The target of `hostPath`.
   */
  constructor(hostPath: string, hostTarget: string = Deno.build.target) {
    this.#hostPath = hostPath;
    this.#hostTarget = hostTarget;
  }

  /** The targets of the executables that are there now; none is read. */
  targets(): string[] {
    return JOIN_TARGETS.filter((target) => this.#locate(target) !== undefined);
  }

  /** The executable of a target; `undefined` if there is none. */
  async find(target: string): Promise<ExecutableFile | undefined> {
    const [path, info] = this.#locate(target) ?? [];
    if (path === undefined || info === undefined) return undefined;
    const { size: length, mtime } = info;
    const key = `${path} ${length} ${mtime?.getTime()}`;
    let hashing = this.#hashes.get(key);
    if (hashing === undefined) {
      this.#hashes.set(key, hashing = sha256(path));
      // A file that is being replaced may be read the next time.
      hashing.catch(() => this.#hashes.delete(key));
    }
    return { target, path, length, sha256: await hashing };
  }

  /** Synchronous, as the page is rendered in one turn. */
  #locate(target: string): [path: string, info: Deno.FileInfo] | undefined {
    const suffix = target.includes("windows") ? ".exe" : "";
    const name = `lanswarm-${target}${suffix}`;
    const beside = join(dirname(this.#hostPath), name);
    const isHost = target === this.#hostTarget;
    for (const path of isHost ? [this.#hostPath, beside] : [beside]) {
      try {
        const info = Deno.statSync(path);
        if (info.isFile) return [path, info];
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return undefined;
  }
}

/** The SHA-256 of a file, in hex. */
async function sha256(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = loadNodeModule("node:crypto").createHash("sha256");
  const chunk = new Uint8Array(CHUNK_LENGTH);
  for (;;) {
    const count = await file.read(chunk);
    if (count === null) return hash.digest("hex");
    hash.update(chunk.subarray(0, count));
  }
}
