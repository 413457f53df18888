/**
 * Puts the blocks that peers send into pieces, has whole pieces verified, and finds
 * the hosts that sent corrupt blocks. Every accepted block was outstanding at the
 * peer that sent it.
 *
 * @module
 */
import type { Random } from "../base/random.ts";
import type { HashedPiece } from "./events.ts";
import type { RequestLimits } from "./outstanding_requests.ts";
import type { SwarmContext } from "./peer.ts";
import type { PieceAssembly } from "./piece_assembly.ts";
import { PiecePicker } from "./piece_picker.ts";
import { type Source, Sources } from "./sources.ts";

const MAX_CORRUPT_COPIES = 8;
/** Memory for all corrupt copies but one, in bytes. */
const MAX_CORRUPT_BYTES = 32 * 1024 * 1024;

const NO_HOSTS: ReadonlySet<string> = new Set();

/** A block that was received; its `id` is `undefined` if the torrent has no such block. */
interface ReceivedBlock {
  readonly id: number | undefined;
  /** A view, valid until the event is done. */
  readonly bytes: Uint8Array;
}

/** Downloading of one torrent from all its peers. */
export class Downloads {
  readonly sources: Sources;
  readonly #context: SwarmContext;
  readonly #picker: PiecePicker;
  readonly #corruptPieces = new CorruptPieces();
  #downloadedBytes = 0;
  /** Of those, in pieces that are verified or in progress. */
  #usefulBytes = 0;

  constructor(
    context: SwarmContext,
    options: { random: Random; requestLimits?: RequestLimits },
  ) {
    this.#context = context;
    this.#picker = new PiecePicker(context.geometry, {
      have: context.have,
      random: options.random,
      isSuspect: (index) => this.#corruptPieces.has(index),
    });
    this.sources = new Sources(context, this.#picker, options.requestLimits);
  }

  /** Content received so far in bytes, wasted blocks included. */
  get downloadedBytes(): number {
    return this.#downloadedBytes;
  }

  /** Content received in vain, in bytes: unrequested, doubled, or corrupt. */
  get wastedBytes(): number {
    return this.#downloadedBytes - this.#usefulBytes;
  }

  /** The number of connected peers that have the piece. */
  availability(index: number): number {
    return this.#picker.availability(index);
  }

  /** @throws {ProtocolError} If the peer must not send what was not requested. */
  receiveBlock(source: Source, block: ReceivedBlock, now: number): void {
    const { id, bytes } = block;
    this.#downloadedBytes += bytes.length;
    const isRequested = this.sources.takeBlock(source, block, now);
    if (id === undefined || !isRequested) return;
    const piece = this.#place(source, id, bytes, now);
    if (piece !== undefined) {
      this.#context.emit({
        type: "verifyPiece",
        index: piece.index,
        bytes: piece.bytes,
      });
    }
    this.sources.progressed(source, id, now);
  }

  /** A piece is verified and stored. Returns the hosts found to have sent corrupt blocks of it before. */
  pieceVerified(
    { index, bytes }: HashedPiece,
    now: number,
  ): ReadonlySet<string> {
    const wasAtLimit = this.#picker.isAtLimit;
    const piece = this.#picker.verified(index);
    if (piece === undefined || !this.#context.have.add(index)) return NO_HOSTS;
    const culprits = this.#corruptPieces.compare(index, bytes);
    this.#picker.recycle(bytes);
    // Nothing else has become open to requests by this.
    this.sources.announce(index, now, { mayBegin: wasAtLimit });
    return culprits;
  }

  /** A piece failed its hash check. Returns the host that sent all of it, if one did. */
  pieceCorrupt({ index, bytes }: HashedPiece, now: number): string | undefined {
    const piece = this.#picker.corrupt(index);
    if (piece === undefined) return undefined;
    piece.bytes = bytes;
    this.#usefulBytes -= bytes.length;
    const culprit = this.#corruptPieces.add(piece);
    this.sources.fillAll(now);
    return culprit;
  }

  /** Copies a requested block into its piece. Returns the piece once it is complete. */
  #place(
    { peer, requests, picking }: Source,
    id: number,
    bytes: Uint8Array,
    now: number,
  ): PieceAssembly | undefined {
    // The requests of a snubbed peer are released already.
    const ownCount = requests.isSnubbed ? 0 : 1;
    if (!this.#picker.isMissing(id, picking)) {
      if (ownCount > 0) this.#picker.release(id);
      return undefined;
    }
    // Before the piece may be complete: a complete one has no requests, and one
    // that is begun again after a failed hash check must not inherit any.
    if (this.#picker.requestCount(id) > ownCount) this.sources.cancel(id, now);
    this.#usefulBytes += bytes.length;
    return this.#picker.receive(id, bytes, peer.hostname);
  }
}

/**
 * Corrupt copies of pieces that are not verified yet. A copy with blocks of one host
 * proves its guilt at once. A copy with blocks of several suspect hosts is kept until
 * the piece is verified, and then compared block by block.
 */
export class CorruptPieces {
  readonly #copies = new Map<number, PieceAssembly>();

  /** Whether a corrupt copy of the piece is kept. */
  has(index: number): boolean {
    return this.#copies.has(index);
  }

  /** Adds a corrupt copy. Returns the host that sent all of it; `undefined` if there are several suspects. */
  add(copy: PieceAssembly): string | undefined {
    const suspects = new Set(copy.sources);
    if (suspects.size === 1) return copy.sources[0];
    this.#copies.set(copy.index, copy);
    const most = Math.max(1, Math.floor(MAX_CORRUPT_BYTES / copy.bytes.length));
    if (this.#copies.size > Math.min(most, MAX_CORRUPT_COPIES)) {
      const [oldest] = this.#copies.keys();
      this.#copies.delete(oldest!);
    }
    return undefined;
  }

  /** Compares the kept copy of a piece with the verified content, and drops it. Returns the hosts of the blocks that differ. */
  compare(index: number, verified: Uint8Array): ReadonlySet<string> {
    const copy = this.#copies.get(index);
    if (copy === undefined) return NO_HOSTS;
    this.#copies.delete(index);
    const culprits = new Set<string>();
    copy.sources.forEach((hostname, block) => {
      const start = block * copy.blockLength;
      const end = start + copy.blockLength;
      const bytes = copy.bytes.subarray(start, end);
      if (hostname === undefined) return;
      if (!areEqual(bytes, verified.subarray(start, end))) {
        culprits.add(hostname);
      }
    });
    return culprits;
  }
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length &&
    left.every((byte, offset) => byte === right[offset]);
}
