/**
 * Who sent the wrong block. A corrupt copy fed by one host convicts it at once.
 * One fed by several is kept until the piece is right, and then compared block
 * by block: whoever sent a block that differs is convicted. Memory is bounded:
 * the oldest copies are dropped first.
 *
 * @module
 */
import type { PieceAssembly } from "./piece_assembly.ts";

const MAX_COPIES = 8;
/** What copies may take in memory, but for one, in bytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Nearly always. */
const NOBODY: ReadonlySet<string> = new Set();

/** Corrupt copies awaiting the right one. */
export class Suspects {
  readonly #copies = new Map<number, PieceAssembly>();

  /** Whether a corrupt copy of the piece is kept. */
  has(index: number): boolean {
    return this.#copies.has(index);
  }

  /** Judges a corrupt copy. Returns the host that must have sent it, if that is plain. */
  accuse(copy: PieceAssembly): string | undefined {
    const hostnames = new Set(copy.sources);
    if (hostnames.size === 1) return copy.sources[0];
    this.#copies.set(copy.index, copy);
    const most = Math.max(1, Math.floor(MAX_BYTES / copy.bytes.length));
    if (this.#copies.size > Math.min(most, MAX_COPIES)) {
      const [oldest] = this.#copies.keys();
      this.#copies.delete(oldest!);
    }
    return undefined;
  }

  /** Compares the right piece with the corrupt copy kept of it. Returns the hosts that sent wrong blocks. */
  convict(index: number, right: Uint8Array): ReadonlySet<string> {
    const copy = this.#copies.get(index);
    if (copy === undefined) return NOBODY;
    this.#copies.delete(index);
    const convicted = new Set<string>();
    copy.sources.forEach((hostname, block) => {
      const start = block * copy.blockLength;
      const end = start + copy.blockLength;
      if (
        hostname !== undefined &&
        !areEqual(copy.bytes.subarray(start, end), right.subarray(start, end))
      ) convicted.add(hostname);
    });
    return convicted;
  }
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length &&
    left.every((byte, offset) => byte === right[offset]);
}
