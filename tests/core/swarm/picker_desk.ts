/**
 * A picker with peers that request, deliver and leave, so that a test reads as a
 * story. Blocks are named `"piece.block"`.
 */
import { assert } from "@std/assert";
import { Bitfield } from "../../../lib/base/bitfield.ts";
import { seededRandom } from "../../../lib/base/random.ts";
import { BLOCK_SIZE, Geometry } from "../../../lib/metainfo/geometry.ts";
import type { PieceAssembly } from "../../../lib/swarm/piece_assembly.ts";
import {
  type PickingPeer,
  type PickOptions,
  PiecePicker,
} from "../../../lib/swarm/piece_picker.ts";

export interface PickerDeskOptions {
  readonly pieceCount: number;
  readonly blocksPerPiece: number;
  /** Pieces that are verified already. @default {[]} */
  readonly have?: readonly number[];
  /** @default {all} */
  readonly wanted?: readonly number[];
  /** @default {none} */
  readonly first?: readonly number[];
  /** Pieces that were corrupt before. @default {[]} */
  readonly suspects?: readonly number[];
}

interface DeskPeer extends PickingPeer {
  readonly requests: Set<number>;
}

/** Drives a picker as `Sources` and `Downloads` do. */
export class PickerDesk {
  readonly picker: PiecePicker;
  readonly #geometry: Geometry;
  readonly #verified: Bitfield;
  readonly #peers = new Map<number, DeskPeer>();

  /** Bytes of discarded pieces. */
  readonly traffic = { downloaded: 0, wasted: 0, uploaded: 0 };

  constructor(options: PickerDeskOptions) {
    const { pieceCount, have = [], suspects = [] } = options;
    const pieceLength = options.blocksPerPiece * BLOCK_SIZE;
    this.#geometry = new Geometry(pieceCount * pieceLength, pieceLength);
    this.#verified = new Bitfield(pieceCount);
    for (const index of have) this.#verified.add(index);
    const torrent = {
      geometry: this.#geometry,
      first: options.first ?? [],
      lacks: (index: number) =>
        !this.#verified.has(index) && options.wanted?.includes(index) !== false,
      traffic: this.traffic,
      random: seededRandom(1),
    };
    this.picker = new PiecePicker(
      torrent,
      {
        peers: { [Symbol.iterator]: () => this.#peers.values() },
        suspects: new Set(suspects),
      },
    );
  }

  /** A peer joins with the pieces of a picture, `"#.#"`. */
  join(key: number, picture: string): void {
    const pieces = new Bitfield(this.#geometry.pieceCount);
    const requests = new Set<number>();
    const peer = { key, pieces, requests, waitingCount: 0, current: undefined };
    this.#peers.set(key, peer);
    for (const [index, cell] of [...picture].entries()) {
      if (cell !== "#") continue;
      pieces.add(index);
      this.picker.gained(peer, index);
    }
  }

  /** Picks a block for a peer; `"-"` if there is nothing to request. */
  pick(key: number, options?: PickOptions): string {
    const peer = this.#peer(key);
    const { requests } = peer;
    const id = this.picker.pick(peer, options);
    if (id === undefined) return "-";
    assert(!requests.has(id), "a block is requested of a peer once");
    requests.add(id);
    return this.#name(id);
  }

  picks(key: number, count: number, options?: PickOptions): string {
    return Array.from({ length: count }, () => this.pick(key, options))
      .join(" ");
  }

  /** The peer delivers a requested block. Returns the piece if it is complete. */
  deliver(key: number, name: string): PieceAssembly | undefined {
    const peer = this.#peer(key);
    const { requests } = peer;
    const id = this.#id(name);
    assert(requests.delete(id), `${name} is requested of ${key}`);
    this.picker.release(id);
    if (!this.picker.isMissing(id, peer)) return undefined;
    for (const other of this.#peers.values()) {
      if (other.requests.delete(id)) this.picker.release(id);
    }
    const bytes = new Uint8Array(BLOCK_SIZE);
    return this.picker.receive(id, bytes, `192.0.2.${key}`);
  }

  /** The peer delivers every requested block. Returns the complete pieces. */
  deliverAll(key: number): number[] {
    return this.completeAll(key).map(({ index }) => index);
  }

  completeAll(key: number): PieceAssembly[] {
    return [...this.#peer(key).requests].flatMap((id) =>
      this.deliver(key, this.#name(id)) ?? []
    );
  }

  /** A piece passes its hash check, and its memory is free. */
  verify(index: number): void {
    const bytes = new Uint8Array(this.#geometry.pieceLengthAt(index));
    assert(
      this.picker.verified({ index, bytes }),
      `piece ${index} is complete`,
    );
    this.#verified.add(index);
  }

  /** The peer drops its requests, as when it chokes us. */
  dropRequests(key: number): void {
    const peer = this.#peer(key);
    const { requests } = peer;
    for (const id of requests) this.picker.release(id);
    requests.clear();
    this.picker.abandon(peer);
  }

  isMissing(key: number, name: string): boolean {
    return this.picker.isMissing(this.#id(name), this.#peer(key));
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
