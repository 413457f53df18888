/**
 * Files as they were read, for those who ask for the same one next: a crowd that
 * fetches one file costs one read and one copy of it. Invariant: what is kept is
 * at most {@linkcode SharedReads.capacity} bytes, the latest asked for.
 *
 * @module
 */
import { isUnchanged, type SeenFile } from "./torrent_file_scan.ts";

/** A file's bytes, not to be changed; `undefined` where there are none to give. */
export type SharedBytes = Promise<Uint8Array<ArrayBuffer> | undefined>;

interface KeptRead {
  readonly seen: SeenFile;
  readonly bytes: SharedBytes;
}

/** Keeps the latest reads by name. */
export class SharedReads {
  /** In bytes. */
  readonly capacity: number;
  /** The one asked for last stands last. */
  readonly #kept = new Map<string, KeptRead>();
  #length = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** What was read of the file as it is seen now, or what `read` makes of it. */
  take(name: string, seen: SeenFile, read: () => SharedBytes): SharedBytes {
    const kept = this.#kept.get(name);
    const isFresh = kept !== undefined && isUnchanged(kept.seen, seen);
    const next = isFresh ? kept : { seen, bytes: read() };
    this.drop(name);
    this.#kept.set(name, next);
    this.#length += seen.size;
    for (const oldest of this.#kept.keys()) {
      if (this.#length <= this.capacity) break;
      this.drop(oldest);
    }
    if (!isFresh) this.#dropFailed(name, next);
    return next.bytes;
  }

  /** Keeps a file no longer. */
  drop(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    this.#kept.delete(name);
    this.#length -= kept.seen.size;
  }

  /** The next one to ask is to try again. */
  async #dropFailed(name: string, read: KeptRead): Promise<void> {
    let bytes: Uint8Array | undefined;
    try {
      bytes = await read.bytes;
    } catch {
      // Whoever asked for it hears why.
    }
    if (bytes === undefined && this.#kept.get(name) === read) this.drop(name);
  }
}
