/**
 * The pieces that are begun, until the verdict on them, and which of them still
 * want something. Knows nothing of peers, rarity or what is asked first.
 *
 * Invariant: `open` are those with blocks neither received nor on order, and
 * `abandoned` those of the open ones that no peer works on.
 *
 * @module
 */
import { AgeQueue } from "./age_queue.ts";
import type { PieceAssembly } from "./piece_assembly.ts";

/** Assemblies, by the state that they are in. */
export class PiecesInProgress implements Iterable<PieceAssembly> {
  /** Those in progress or awaiting their verdict, by index. */
  readonly #assemblies: (PieceAssembly | undefined)[];
  #count = 0;
  readonly #inProgress = new AgeQueue<PieceAssembly>();
  readonly #open = new Set<PieceAssembly>();
  readonly #abandoned = new Set<PieceAssembly>();

  constructor(pieceCount: number) {
    this.#assemblies = new Array(pieceCount).fill(undefined);
  }

  /** How many are in memory: in progress, or awaiting their verdict. */
  get count(): number {
    return this.#count;
  }

  /** Those with blocks neither received nor on order: live, not to be changed. */
  get open(): ReadonlySet<PieceAssembly> {
    return this.#open;
  }

  /** Those of the open ones that no peer works on: live, not to be changed. */
  get abandoned(): ReadonlySet<PieceAssembly> {
    return this.#abandoned;
  }

  /** The piece's assembly, if it is in memory. */
  at(index: number): PieceAssembly | undefined {
    return this.#assemblies[index];
  }

  /** Those not whole yet, the oldest first. None may be taken out meanwhile. */
  [Symbol.iterator](): Iterator<PieceAssembly> {
    return this.#inProgress[Symbol.iterator]();
  }

  begin(assembly: PieceAssembly): void {
    this.#assemblies[assembly.index] = assembly;
    this.#count++;
    this.#inProgress.add(assembly);
  }

  /** Keeps the invariant after a change of the assembly's blocks or its owner. */
  refresh(assembly: PieceAssembly): void {
    const isOpen = assembly.nextOpen() !== undefined;
    if (isOpen !== assembly.isOpen) {
      assembly.isOpen = isOpen;
      if (isOpen) this.#open.add(assembly);
      else this.#open.delete(assembly);
    }
    if (isOpen && assembly.owner === undefined) this.#abandoned.add(assembly);
    else if (this.#abandoned.size > 0) this.#abandoned.delete(assembly);
  }

  /** It is whole, and awaits its verdict. */
  complete(assembly: PieceAssembly): void {
    this.#inProgress.delete(assembly);
  }

  /** Takes out the piece if it is whole. */
  takeComplete(index: number): PieceAssembly | undefined {
    const assembly = this.#assemblies[index];
    if (assembly === undefined || !assembly.isComplete) return undefined;
    this.#remove(assembly);
    return assembly;
  }

  /** Takes out a piece that is not whole. */
  discard(assembly: PieceAssembly): void {
    this.#remove(assembly);
    this.#inProgress.delete(assembly);
    this.#open.delete(assembly);
    this.#abandoned.delete(assembly);
    assembly.isOpen = false;
  }

  #remove(assembly: PieceAssembly): void {
    this.#assemblies[assembly.index] = undefined;
    this.#count--;
  }
}
