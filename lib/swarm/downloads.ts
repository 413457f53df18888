/**
 * The downloading half of the engine: which pieces peers have, whether they interest
 * us, which blocks to request of each peer, and what becomes of the blocks. Every
 * accepted block was outstanding at the peer that sent it.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import { BoundedMap } from "../base/bounded_map.ts";
import { ProtocolError } from "../base/errors.ts";
import type { PeerId } from "../base/identifier.ts";
import { BLOCK_SIZE } from "../metainfo/geometry.ts";
import type { PieceBytes } from "./events.ts";
import { RequestBalance } from "./outstanding_requests.ts";
import type { Peer, SwarmContext } from "./peer.ts";
import { CorruptPieces } from "./piece_assembly.ts";
import { PiecePicker } from "./piece_picker.ts";
import { findLate, isSlow, quickestFirst } from "./slow_peers.ts";
import { Source } from "./source.ts";

const MAX_LEFT_PEERS = 1_024;

/** Consecutive blocks of one piece: the content of one request. */
export interface BlockRun {
  /** Id of the first block. */
  readonly first: number;
  readonly count: number;
}

export class Downloads {
  readonly #context: SwarmContext;
  readonly #balance: RequestBalance;
  readonly #picker: PiecePicker;
  readonly #corruptPieces = new CorruptPieces();
  readonly #sources = new Set<Source>();
  /** Bytes received from peers that have left. */
  readonly #received = new BoundedMap<PeerId, number>(MAX_LEFT_PEERS);

  constructor(context: SwarmContext) {
    this.#context = context;
    this.#balance = new RequestBalance(context.options.requestLimits);
    this.#picker = new PiecePicker(context, {
      peers: this.#sources,
      suspects: this.#corruptPieces,
    });
  }

  /** Content received from a peer on its present and former connections, in bytes. */
  receivedFrom(id: PeerId): number {
    let length = this.#received.peek(id) ?? 0;
    for (const { peer, receivedLength } of this.#sources) {
      if (peer.id === id) length += receivedLength;
    }
    return length;
  }

  /** The number of connected peers that say they have the piece. */
  availability(index: number): number {
    return this.#picker.availability(index);
  }

  join(peer: Peer): Source {
    const source = new Source(peer, this.#context, this.#balance);
    this.#sources.add(source);
    return source;
  }

  /** The peer left: its blocks may be requested from other peers. */
  leave(source: Source): void {
    this.#sources.delete(source);
    const { peer: { id }, receivedLength } = source;
    const before = this.#received.peek(id) ?? 0;
    if (receivedLength > 0) this.#received.set(id, before + receivedLength);
    this.#releaseAll(source);
    source.requests.setAccepted(false);
    this.#picker.remove(source);
    this.#fillAll();
  }

  /** Adds to the pieces that the peer announced: aria2 sometimes sends a bitfield in place of haves. Returns the new pieces. */
  receiveBitfield(source: Source, pieces: Bitfield): readonly number[] {
    const added = [...pieces.indexes()].filter((index) =>
      source.addPiece(index, this.#context.lacks(index))
    );
    for (const index of added) this.#picker.gained(source, index);
    this.#updateInterest(source);
    this.#fill(source);
    return added;
  }

  /** Returns whether the peer had not announced the piece before. */
  receiveHave(source: Source, index: number): boolean {
    if (!source.addPiece(index, this.#context.lacks(index))) return false;
    const mayBeWork = this.#picker.gained(source, index);
    this.#updateInterest(source);
    if (mayBeWork) this.#fill(source);
    return true;
  }

  receiveChoke(source: Source): void {
    source.choke();
    if (!source.isSettling) this.#releaseAll(source);
  }

  receiveUnchoke(source: Source): void {
    source.unchoke();
    this.#fill(source);
  }

  /** The peer rejects a request. A reject of a request that we never made is ignored, as in libtorrent. [BEP 6] */
  receiveReject(source: Source, blocks: BlockRun | undefined): void {
    if (blocks === undefined) return;
    const { requests } = source;
    const { first, count } = blocks;
    let isDropped = false;
    for (let id = first; id < first + count; id++) {
      if (requests.takeAnswer(id) || !requests.drop(id)) continue;
      if (!requests.isSnubbed) this.#picker.release(id);
      isDropped = true;
    }
    if (!isDropped) return;
    const { geometry, now } = this.#context;
    source.reject(geometry.blockOfId(first).index, now);
    // Leaves the piece to another peer.
    if (requests.size === 0) this.#releaseAll(source);
    this.#fillAll();
  }

  receiveAllowedFast(source: Source, index: number): void {
    if (source.allow(index)) this.#fill(source);
  }

  /** @throws {ProtocolError} If a block was not requested, and may not arrive late either. */
  receiveBlocks(
    source: Source,
    blocks: BlockRun | undefined,
    bytes: Uint8Array,
  ): void {
    const { requests } = source;
    const { now, traffic } = this.#context;
    traffic.downloaded += bytes.length;
    // The bytes count as wasted until `#place` finds that the block was missing.
    traffic.wasted += bytes.length;
    source.receivedLength += bytes.length;
    source.rate.add(bytes.length, now);
    const { first, count } = blocks ?? { first: undefined, count: 1 };
    this.#balance.received(count, now);
    const { isSnubbed } = requests;
    let lastId: number | undefined;
    for (let step = 0; step < count; step++) {
      const id = first === undefined ? undefined : first + step;
      if (id === undefined || !requests.delete(id)) {
        if (requests.acceptsStray(id)) continue;
        throw new ProtocolError("Cannot accept block: it was not requested");
      }
      lastId = id;
      const start = step * BLOCK_SIZE;
      const block = count === 1
        ? bytes
        : bytes.subarray(start, start + BLOCK_SIZE);
      this.#place(source, id, block);
      if (!isSnubbed) requests.received(id, now);
    }
    if (lastId === undefined) return;
    if (isSnubbed) {
      this.#forgive(source);
      requests.received(lastId, now);
    }
    if (source.isSettled) this.#releaseAll(source);
    this.#fill(source);
  }

  /** A piece is verified and stored. Returns the hosts that sent corrupt blocks of an earlier copy. */
  pieceVerified(piece: PieceBytes): ReadonlySet<string> {
    const { index } = piece;
    const wasAtLimit = this.#picker.isAtLimit;
    // Before the picker gives the bytes back to its pool.
    const culprits = this.#corruptPieces.compare(piece);
    if (!this.#picker.verified(piece)) return new Set();
    this.#context.add(index);
    const have = { type: "have", index } as const;
    for (const source of this.#sources) {
      const isNews = !source.pieces.has(index);
      // Half of all haves would announce pieces that the peer has. Seeders need these
      // haves to know which pieces spread; other peers, if they lack upload-only. [BEP 21]
      const { peer } = source;
      if (isNews || peer.isSeeder || !peer.extensions.extended) {
        this.#context.send(peer, have);
      }
      if (!isNews) {
        source.wantedCount--;
        this.#updateInterest(source);
      }
      // Only at the limit does a verified piece make room for a new one.
      if (wasAtLimit) this.#fill(source);
    }
    return culprits;
  }

  /** A piece failed its hash check. Returns the host if a single host sent the whole piece. */
  pieceCorrupt({ index, bytes }: PieceBytes): ReadonlySet<string> {
    const piece = this.#picker.corrupt(index);
    if (piece === undefined) return new Set();
    piece.bytes = bytes;
    this.#context.traffic.wasted += bytes.length;
    const culprits = this.#corruptPieces.add(piece);
    this.#fillAll();
    return culprits;
  }

  /** Stops or resumes requesting. Outstanding blocks may still arrive. */
  pauseChanged(): void {
    this.#fillAll();
  }

  tick(): void {
    const { now } = this.#context;
    const drainMs = this.#balance.drainMs(now);
    const sources = [...this.#sources];
    const late = findLate(sources, this.#picker, { now, drainMs });
    for (const source of late) this.#snub(source);
    // After all late peers are snubbed: their blocks are open to everyone now.
    const open = sources.filter(({ requests }) => !requests.isFull);
    for (const source of quickestFirst(open)) this.#fill(source);
  }

  #updateInterest(source: Source): void {
    if (!source.updateInterest()) return;
    const type = source.weAreInterested ? "interested" : "notInterested";
    this.#context.send(source.peer, { type });
  }

  #fillAll(): void {
    for (const source of this.#sources) this.#fill(source);
  }

  /** Keeps the peer's request window full. */
  #fill(source: Source): void {
    const { now, have, isPaused } = this.#context;
    if (isPaused || !source.mayBeAsked(now)) return;
    const among = source.servedPieces(have);
    if (among === undefined) return;
    const { requests } = source;
    if (requests.isWellFilled && !this.#picker.isEndGame) return;
    const mostCount = source.blocksPerRequest(now);
    let run: BlockRun | undefined;
    while (!requests.isFull) {
      // A leecher with more than its share of requests begins no piece: other peers are
      // about to have the piece. A seeder begins only a piece that no other peer has.
      const beginWhenAhead = source.peer.isSeeder ? "unique" : "none";
      const begin = requests.isAhead ? beginWhenAhead : "any";
      const options = { among, begin, mayDouble: !isSlow(source) } as const;
      const id = this.#picker.pick(source, options);
      if (id === undefined) break;
      requests.add(id, now);
      const isNext = run !== undefined && run.count < mostCount &&
        id === run.first + run.count &&
        this.#context.geometry.blockOfId(id).block > 0;
      if (isNext) run = { first: run!.first, count: run!.count + 1 };
      else {
        if (run !== undefined) this.#send("request", run, source.peer);
        run = { first: id, count: 1 };
      }
    }
    if (run !== undefined) this.#send("request", run, source.peer);
  }

  /** Copies a requested block into its piece, and has the piece verified once it is complete. */
  #place(source: Source, id: number, bytes: Uint8Array): void {
    const { peer, requests } = source;
    // The requests of a snubbed peer are released already.
    const ownCount = requests.isSnubbed ? 0 : 1;
    if (!this.#picker.isMissing(id, source)) {
      if (ownCount > 0) this.#picker.release(id);
      return;
    }
    // Before `receive`: a piece that is fetched again must not inherit these counts.
    if (this.#picker.requestCount(id) > ownCount) this.#cancelDoubles(id);
    this.#context.traffic.wasted -= bytes.length;
    const piece = this.#picker.receive(id, bytes, peer.hostname);
    if (piece === undefined) return;
    const { index, bytes: content } = piece;
    this.#context.emit({ type: "verifyPiece", index, bytes: content });
  }

  /** Cancels the requests for the block at the other peers. */
  #cancelDoubles(id: number): void {
    for (const source of this.#sources) {
      if (source.requests.isSnubbed || !source.requests.cancel(id)) continue;
      this.#picker.release(id);
      this.#send("cancel", { first: id, count: 1 }, source.peer);
      if (source.isSettled) this.#releaseAll(source);
    }
  }

  /** Opens the peer's blocks to other peers. The requests stay outstanding, so a late block is still accepted. */
  #snub(source: Source): void {
    const { requests } = source;
    for (const id of requests) this.#picker.release(id);
    requests.setSnubbed(true);
    this.#picker.abandon(source);
  }

  #forgive({ peer, requests }: Source): void {
    requests.setSnubbed(false);
    for (const id of [...requests]) {
      if (this.#picker.requestAgain(id)) continue;
      requests.cancel(id);
      this.#send("cancel", { first: id, count: 1 }, peer);
    }
  }

  #send(type: "request" | "cancel", blocks: BlockRun, peer: Peer): void {
    const { geometry } = this.#context;
    const { index, offsetInPiece } = geometry.blockRange(blocks.first);
    const last = geometry.blockRange(blocks.first + blocks.count - 1);
    const length = last.offsetInPiece + last.length - offsetInPiece;
    this.#context.send(peer, { type, index, offsetInPiece, length });
  }

  #releaseAll(source: Source): void {
    const { requests } = source;
    if (!requests.isSnubbed) {
      for (const id of requests) this.#picker.release(id);
    }
    source.clear();
    this.#picker.abandon(source);
  }
}
