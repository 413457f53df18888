/**
 * A picker with a roster of peers that order, deliver and go, so that a test
 * reads as a story. Blocks are named `"piece.block"`.
 *
 * @module
 */
import { assert } from "@std/assert";
import { Bitfield } from "../../../lib/base/bitfield.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { BLOCK_SIZE, Geometry } from "../../../lib/metainfo/geometry.ts";
import type { PieceAssembly } from "../../../lib/swarm/piece_assembly.ts";
import {
  type PickOptions,
  PiecePicker,
} from "../../../lib/swarm/piece_picker.ts";

/** What a desk is set up for. */
export interface PickerDeskOptions {
  readonly pieceCount: number;
  readonly blocksPerPiece: number;
  /** Pieces verified already. @default {[]} */
  readonly have?: readonly number[];
  /** Pieces that were corrupt before. @default {[]} */
  readonly suspects?: readonly number[];
}

interface DeskPeer {
  readonly key: number;
  readonly hostname: string;
  readonly pieces: Bitfield;
  waitingCount: number;
  readonly isSeeder: boolean;
  readonly outstanding: Set<number>;
}

/** Plays the part of `Downloads` towards a picker. */
export class PickerDesk {
  readonly picker: PiecePicker;
  readonly #geometry: Geometry;
  readonly #verified: Bitfield;
  readonly #peers = new Map<number, DeskPeer>();

  constructor(options: PickerDeskOptions) {
    const { pieceCount, have = [], suspects = [] } = options;
    const pieceLength = options.blocksPerPiece * BLOCK_SIZE;
    this.#geometry = new Geometry(pieceCount * pieceLength, pieceLength);
    this.#verified = new Bitfield(pieceCount);
    for (const index of have) this.#verified.add(index);
    this.picker = new PiecePicker(this.#geometry, {
      have: this.#verified,
      peers: this.#peers,
      random: seededRandom(1),
      isSuspect: (index) => suspects.includes(index),
    });
  }

  /** A peer with the pieces of a picture, `"#.#"`. */
  join(key: number, picture: string): void {
    const peer = {
      key,
      hostname: `192.0.2.${key}`,
      pieces: new Bitfield(this.#geometry.pieceCount),
      waitingCount: 0,
      isSeeder: !picture.includes("."),
      outstanding: new Set<number>(),
    };
    this.#peers.set(key, peer);
    for (const [index, cell] of [...picture].entries()) {
      if (cell !== "#") continue;
      peer.pieces.add(index);
      this.picker.gained(peer, index);
    }
  }

  /** Picks for a peer: a block, or `"-"` if there is nothing to ask of it. */
  pick(key: number, options?: PickOptions): string {
    const peer = this.#peer(key);
    const id = this.picker.pick(peer, options);
    if (id === undefined) return "-";
    assert(!peer.outstanding.has(id), "a block is asked of a peer once");
    peer.outstanding.add(id);
    return this.#name(id);
  }

  /** Picks so many times. */
  picks(key: number, count: number, options?: PickOptions): string {
    return Array.from({ length: count }, () => this.pick(key, options))
      .join(" ");
  }

  /** The peer delivers a block on order with it; the piece if that makes it whole. */
  deliver(key: number, name: string): PieceAssembly | undefined {
    const peer = this.#peer(key);
    const id = this.#id(name);
    assert(peer.outstanding.delete(id), `${name} is on order with ${key}`);
    this.picker.release(id);
    if (!this.picker.isMissing(id, key)) return undefined;
    for (const other of this.#peers.values()) {
      if (other.outstanding.delete(id)) this.picker.release(id);
    }
    return this.picker.receive(id, new Uint8Array(BLOCK_SIZE), peer);
  }

  /** The peer delivers everything on order with it; the pieces that makes whole. */
  deliverAll(key: number): number[] {
    return [...this.#peer(key).outstanding].flatMap((id) =>
      this.deliver(key, this.#name(id))?.index ?? []
    );
  }

  /** The verdict on a piece is good, and its memory free. */
  verify(index: number): void {
    const piece = this.picker.verified(index);
    assert(piece !== undefined, `piece ${index} awaits its verdict`);
    this.#verified.add(index);
    this.picker.recycle(piece.bytes);
  }

  /** The peer's orders are off, as when it chokes us. */
  dropOrders(key: number): void {
    const { outstanding } = this.#peer(key);
    for (const id of outstanding) this.picker.release(id);
    outstanding.clear();
    this.picker.abandon(key);
  }

  /** Whether a block of the peer's would be of use. */
  isMissing(key: number, name: string): boolean {
    return this.picker.isMissing(this.#id(name), key);
  }

  #peer(key: number): DeskPeer {
    const peer = this.#peers.get(key);
    assert(peer !== undefined, `peer ${key} is here`);
    return peer;
  }

  #id(name: string): number {
    const [index, block] = name.split(".").map(Number);
    return this.#geometry.blockId(index!, block!);
  }

  #name(id: number): string {
    const { index, block } = this.#geometry.blockOfId(id);
    return `${index}.${block}`;
  }
}
