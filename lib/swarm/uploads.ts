/**
 * The uploading half of the engine, for seeders and leechers alike: the upload slots, the
 * requests of each peer and the blocks being sent. Only verified pieces are served, and a
 * peer's queue is bounded. A peer with the fast extension gets an answer to each request,
 * the block or a reject. [BEP 6]
 *
 * On a LAN every interested peer is unchoked at once; `upload_order.ts` decides which peer
 * gets the next block. If there are more interested peers than slots, they take turns, the
 * longest wait first. A peer need not upload to be unchoked: an idle link helps no one.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { BlockRange } from "../wire/message.ts";
import { ALLOWED_FAST_COUNT } from "../metainfo/allowed_fast_set.ts";
import type { Peer, SwarmContext } from "./peer.ts";
import {
  MAX_QUEUED_REQUESTS,
  PeerUpload,
  UploadOrder,
} from "./upload_order.ts";

/** Interested peers of one torrent unchoked at once. By default fewer are connected. */
export const UPLOAD_SLOTS = 64;
/** The least duration of a turn while other peers wait. */
export const UPLOAD_TURN_MS = 20_000;
/** The longest time between two choices of the peers to unchoke [BEP 3]. After a change of interest the next tick chooses again. */
const RECHOKE_INTERVAL_MS = 10_000;
/** Largest block that a peer may request, in bytes: other clients request less. With 512 KiB a transfer takes 11 % more CPU time, as blocks leave the processor's cache. */
export const MAX_REQUEST_LENGTH = 256 * 1024;

export class Uploads {
  readonly #context: SwarmContext;
  readonly #peers = new Set<PeerUpload>();
  readonly #order: UploadOrder;
  #rechokedAt = 0;
  /** True if interest has changed since the last choice, or a peer has left. */
  #isStale = false;

  constructor(context: SwarmContext) {
    this.#context = context;
    this.#order = new UploadOrder(context);
  }

  join(peer: Peer): PeerUpload {
    const upload = new PeerUpload(peer, this.#context.now);
    this.#peers.add(upload);
    return upload;
  }

  leave(upload: PeerUpload): void {
    this.#peers.delete(upload);
    this.#isStale = true;
    this.#order.remove(upload);
  }

  receiveInterest(to: PeerUpload, isInterested: boolean): void {
    if (isInterested === to.peerIsInterested) return;
    to.peerIsInterested = isInterested;
    this.#isStale = true;
    // The next tick chokes a peer if there are too many unchoked ones now.
    if (!isInterested || !to.weChoke || this.#context.isPaused) return;
    if (this.#hasFreeSlot) this.#setChoke(to, false);
    else this.#offerFast(to);
  }

  /**
   * Returns whether the block will be sent.
   * @throws {ProtocolError} If the peer has too many requests queued, or makes too many while choked.
   */
  receiveRequest(to: PeerUpload, block: BlockRange): boolean {
    const isAccepted = this.#context.have.has(block.index) &&
      (!to.weChoke || this.#takeAllowed(to, block));
    // The peer made the request before our choke arrived, or for a piece that we lack.
    if (!isAccepted) return this.#refuse(to, block);
    if (to.queue.length >= MAX_QUEUED_REQUESTS) {
      if (to.peer.extensions.fast) return this.#refuse(to, block);
      throw new ProtocolError("Cannot accept request: the queue is full");
    }
    this.#order.add(to, block);
    return true;
  }

  /** Answers a cancel of queued blocks. Blocks that are being sent are still sent. */
  receiveCancel(to: PeerUpload, block: BlockRange): void {
    if (!this.#order.cancel(to, block)) return;
    const { index, offsetInPiece, length } = block;
    this.#sendReject(to, { index, offsetInPiece, length });
  }

  blockSent(to: PeerUpload, length: number): void {
    to.rate.add(length, this.#context.now);
    this.#context.traffic.uploaded += length;
    this.#order.sent(to, length);
  }

  /** A block that was handed out will not be sent. */
  takeBack(to: PeerUpload, block: BlockRange): void {
    this.#order.takeBack(to, block);
  }

  /** Chokes every peer at a pause, and unchokes at the end; the peers request again then. */
  pauseChanged(): void {
    this.#isStale = true;
    this.tick();
    if (!this.#context.isPaused) return;
    // `tick` rejected only the queues of peers that it choked.
    for (const to of this.#peers) this.#rejectQueue(to);
  }

  tick(): void {
    const { now, isPaused } = this.#context;
    // A served peer may be slow by now and no longer count.
    if (!isPaused) this.#order.serve();
    const isDue = now - this.#rechokedAt >= RECHOKE_INTERVAL_MS;
    if (!this.#isStale && !isDue) return;
    this.#rechokedAt = now;
    this.#isStale = false;
    const candidates = isPaused ? [] : this.#peers;
    const unchoked = chooseUnchoked(candidates, { now, slots: UPLOAD_SLOTS });
    for (const to of this.#peers) {
      const weChoke = !unchoked.has(to);
      if (weChoke !== to.weChoke) this.#setChoke(to, weChoke);
    }
  }

  get #hasFreeSlot(): boolean {
    const hasSlot = (to: PeerUpload) => to.peerIsInterested && !to.weChoke;
    return [...this.#peers].filter(hasSlot).length < UPLOAD_SLOTS;
  }

  #setChoke(to: PeerUpload, weChoke: boolean): void {
    to.weChoke = weChoke;
    to.refusedCount = 0;
    if (!weChoke) to.unchokedAt = this.#context.now;
    this.#context.send(to.peer, { type: weChoke ? "choke" : "unchoke" });
    // After the choke, or the peer would request the blocks again. [BEP 6]
    if (weChoke) this.#rejectQueue(to);
  }

  /** Rejects queued requests of a choked peer, except for allowed pieces. */
  #rejectQueue(to: PeerUpload): void {
    for (const block of to.queue.splice(0)) {
      if (this.#takeAllowed(to, block)) to.queue.push(block);
      else this.#sendReject(to, block);
    }
  }

  /** True if a choked peer may have a block: of an allowed piece, each byte once. */
  #takeAllowed(to: PeerUpload, { index, length }: BlockRange): boolean {
    const isAllowed = !this.#context.isPaused &&
      to.allowedFast?.has(index) && to.allowedBytesLeft >= length;
    if (!isAllowed) return false;
    to.allowedBytesLeft -= length;
    return true;
  }

  /** @throws {ProtocolError} If the peer goes on requesting while it is choked. */
  #refuse(to: PeerUpload, block: BlockRange): false {
    if (!to.peer.extensions.fast) return false;
    // As many requests may have crossed with the choke as a queue holds.
    if (to.weChoke && ++to.refusedCount > MAX_QUEUED_REQUESTS) {
      throw new ProtocolError("Cannot accept request: too many while choked");
    }
    this.#sendReject(to, block);
    return false;
  }

  #sendReject({ peer }: PeerUpload, block: BlockRange): void {
    if (!peer.extensions.fast) return;
    this.#context.send(peer, { type: "reject", ...block });
  }

  /** Offers a few pieces to a peer that has next to nothing and gets no slot; BEP 6 offers them to every newcomer. */
  #offerFast(to: PeerUpload): void {
    const isStarting = to.peer.pieces.count < ALLOWED_FAST_COUNT;
    if (!isStarting || !to.peer.extensions.fast || to.allowedFast) return;
    const { geometry, options } = this.#context;
    const indexes = options.allowedFastSet(to.peer.hostname);
    to.allowedFast = new Set(indexes);
    to.allowedBytesLeft = indexes.length * geometry.pieceLength;
    for (const index of indexes) {
      this.#context.send(to.peer, { type: "allowedFast", index });
    }
  }
}

/** Chooses the peers to unchoke: at most `slots` interested peers, and unchoked peers without interest while no interested peer waits. */
export function chooseUnchoked(
  peers: Iterable<PeerUpload>,
  { now, slots }: { now: number; slots: number },
): Set<PeerUpload> {
  const all = [...peers];
  const interested = all.filter((peer) => peer.peerIsInterested);
  if (interested.length <= slots) {
    // An unchoked peer stays so: its next request needs no round trip.
    const kept = all.filter((peer) => peer.peerIsInterested || !peer.weChoke);
    return new Set(kept);
  }
  // Turns that go on; then choked peers, the earliest last turn first; then turns that
  // are over, the latest begun first.
  const rank = ({ weChoke, unchokedAt }: PeerUpload): number => {
    if (weChoke) return 1;
    return now - unchokedAt < UPLOAD_TURN_MS ? 0 : 2;
  };
  interested.sort((one, other) => {
    const latestFirst = other.unchokedAt - one.unchokedAt;
    return rank(one) - rank(other) || (one.weChoke ? -1 : 1) * latestFirst;
  });
  return new Set(interested.slice(0, slots));
}
