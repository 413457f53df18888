/**
 * The uploading half of the engine, of seeders and leechers alike: which peers have an
 * upload slot, what they requested, and how much of it is being sent. Only verified
 * pieces are served, and a peer's queue is bounded. A peer with the fast extension gets
 * an answer to each request, the block or a reject. [BEP 6]
 *
 * On a LAN every interested peer is served at once. Only when more are interested than
 * there are slots do they take turns, the longest wait first. A peer need not upload to
 * be served: an idle link helps no one.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import { RateMeter } from "../base/rate_meter.ts";
import { ALLOWED_FAST_COUNT } from "../metainfo/allowed_fast_set.ts";
import { BLOCK_SIZE } from "../metainfo/geometry.ts";
import type { BlockRange } from "../wire/message.ts";
import type { Peer, SwarmContext } from "./peer.ts";

/** Interested peers unchoked at once, of one torrent. By default fewer are connected. */
export const UPLOAD_SLOTS = 64;
/** The least duration of a turn while other peers wait. */
export const UPLOAD_TURN_MS = 20_000;
/** The longest time between two choices of the peers to unchoke [BEP 3]: a change of interest brings the next forward to the next tick. */
const RECHOKE_INTERVAL_MS = 10_000;
/** Largest block that a peer may request, in bytes: other clients request less. With 512 KiB a transfer takes 11 % more CPU time, as blocks leave the processor's cache. */
export const MAX_REQUEST_LENGTH = 256 * 1024;
/** Requests that one peer may have queued; libtorrent's limit. */
export const MAX_QUEUED_REQUESTS = 2000;
/** Bytes handed out and not yet sent for each peer: the depth of its read-ahead. */
const UPLOAD_AHEAD_BYTES = 1024 * 1024;

/** The state of one peer that we upload to. */
export class PeerUpload {
  readonly peer: Peer;
  /** The pieces that it says it has. */
  readonly pieces: Bitfield;
  readonly rate: RateMeter;
  weChoke = true;
  peerIsInterested = false;
  /** When its last turn began, in milliseconds: it was unchoked, interested or not. 0 if it had none. */
  unchokedAt = 0;
  /** Requests accepted and not yet handed out. */
  readonly queue: BlockRange[] = [];
  /** Bytes handed out and not yet sent. */
  pendingBytes = 0;
  /** Pieces that it may request while choked, and the bytes left of them; `undefined` before the offer. */
  allowedFast: ReadonlySet<number> | undefined;
  allowedBytesLeft = 0;
  /** Requests refused since it was choked. */
  refusedCount = 0;

  constructor(peer: Peer, pieces: Bitfield, now: number) {
    this.peer = peer;
    this.pieces = pieces;
    this.rate = new RateMeter(now);
  }
}

type AllowedFastSet = (hostname: string) => readonly number[];

/** Uploading of one torrent to all its peers. */
export class Uploads {
  readonly #context: SwarmContext;
  readonly #allowedFastSet: AllowedFastSet;
  readonly #peers = new Set<PeerUpload>();
  #rechokedAt = 0;
  /** True if interest has changed since then, or a peer has left. */
  #isStale = false;
  #isPaused = false;

  constructor(context: SwarmContext, allowedFastSet: AllowedFastSet) {
    this.#context = context;
    this.#allowedFastSet = allowedFastSet;
  }

  /** True while nobody is served. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  join(peer: Peer, pieces: Bitfield): PeerUpload {
    const upload = new PeerUpload(peer, pieces, this.#context.now);
    this.#peers.add(upload);
    return upload;
  }

  leave(upload: PeerUpload): void {
    this.#peers.delete(upload);
    this.#isStale = true;
  }

  receiveInterest(to: PeerUpload, isInterested: boolean): void {
    if (isInterested === to.peerIsInterested) return;
    to.peerIsInterested = isInterested;
    this.#isStale = true;
    // An unchoked peer counts from the next tick.
    if (!isInterested || !to.weChoke) return;
    if (this.#isPaused) return;
    if (this.#hasFreeSlot) this.#setChoke(to, false);
    else this.#offerFast(to);
  }

  /** @throws {ProtocolError} If the peer has too many requests queued, or makes too many while choked. */
  receiveRequest(to: PeerUpload, block: BlockRange): void {
    const isServed = this.#context.have.has(block.index) &&
      (!to.weChoke || this.#takeAllowed(to, block));
    // Made before our choke arrived, or for a piece that we lack.
    if (!isServed) return this.#refuse(to, block);
    if (to.queue.length >= MAX_QUEUED_REQUESTS) {
      if (to.peer.extensions.fast) return this.#refuse(to, block);
      throw new ProtocolError("Cannot accept request: the queue is full");
    }
    to.queue.push(block);
    this.#handOut(to);
  }

  /** Removes a queued request, or blocks of one. A block that is being sent already is not called back, nor one of which a full queue cannot hold the rest of the request. */
  receiveCancel(to: PeerUpload, block: BlockRange): void {
    const { index, offsetInPiece, length } = block;
    const place = to.queue.findIndex((queued) => contains(queued, block));
    if (place < 0) return;
    const parts = rest(to.queue[place]!, block);
    if (to.queue.length - 1 + parts.length > MAX_QUEUED_REQUESTS) return;
    to.queue.splice(place, 1, ...parts);
    this.#sendReject(to, { index, offsetInPiece, length });
  }

  blockSent(to: PeerUpload, length: number): void {
    to.pendingBytes -= length;
    to.rate.add(length, this.#context.now);
    this.#context.traffic.uploaded += length;
    this.#handOut(to);
  }

  /** A block that was handed out is not sent: it is queued again. */
  takeBack(to: PeerUpload, block: BlockRange): void {
    to.pendingBytes -= block.length;
    to.queue.push(block);
  }

  /** Serves nobody, or goes on. Every peer is choked meanwhile, and asks again later. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#isStale = true;
    this.tick();
    if (!isPaused) return;
    // Those of peers that were choked before.
    for (const to of this.#peers) this.#rejectQueue(to);
  }

  tick(): void {
    const { now } = this.#context;
    const isDue = now - this.#rechokedAt >= RECHOKE_INTERVAL_MS;
    if (!this.#isStale && !isDue) return;
    this.#rechokedAt = now;
    this.#isStale = false;
    const candidates = this.#isPaused ? [] : this.#peers;
    const unchoked = chooseUnchoked(candidates, { now, slots: UPLOAD_SLOTS });
    for (const to of this.#peers) {
      const weChoke = !unchoked.has(to);
      if (weChoke !== to.weChoke) this.#setChoke(to, weChoke);
    }
  }

  get #hasFreeSlot(): boolean {
    const isServed = (to: PeerUpload) => to.peerIsInterested && !to.weChoke;
    return [...this.#peers].filter(isServed).length < UPLOAD_SLOTS;
  }

  #handOut(to: PeerUpload): void {
    while (to.queue.length > 0 && to.pendingBytes < UPLOAD_AHEAD_BYTES) {
      const block = to.queue.shift()!;
      to.pendingBytes += block.length;
      this.#context.emit({ type: "serveBlock", peer: to.peer.key, block });
    }
  }

  #setChoke(to: PeerUpload, weChoke: boolean): void {
    to.weChoke = weChoke;
    to.refusedCount = 0;
    if (!weChoke) to.unchokedAt = this.#context.now;
    this.#context.send(to.peer, { type: weChoke ? "choke" : "unchoke" });
    // After the choke, or the peer would request the blocks again. [BEP 6]
    if (weChoke) this.#rejectQueue(to);
  }

  /** Rejects what a choked peer may not have. */
  #rejectQueue(to: PeerUpload): void {
    for (const block of to.queue.splice(0)) {
      if (this.#takeAllowed(to, block)) to.queue.push(block);
      else this.#sendReject(to, block);
    }
  }

  /** True if a choked peer may have a block: of an allowed piece, each byte once. */
  #takeAllowed(to: PeerUpload, { index, length }: BlockRange): boolean {
    if (this.#isPaused || !to.allowedFast?.has(index)) return false;
    if (to.allowedBytesLeft < length) return false;
    to.allowedBytesLeft -= length;
    return true;
  }

  /** @throws {ProtocolError} If the peer goes on requesting while it is choked. */
  #refuse(to: PeerUpload, block: BlockRange): void {
    if (!to.peer.extensions.fast) return;
    // As many may have crossed with the choke as may be queued.
    if (to.weChoke && ++to.refusedCount > MAX_QUEUED_REQUESTS) {
      throw new ProtocolError("Cannot accept request: too many while choked");
    }
    this.#sendReject(to, block);
  }

  #sendReject({ peer }: PeerUpload, block: BlockRange): void {
    if (!peer.extensions.fast) return;
    this.#context.send(peer, { type: "reject", ...block });
  }

  /** Offers a few pieces to a peer that has next to nothing and finds no slot; BEP 6 would offer them to every newcomer. */
  #offerFast(to: PeerUpload): void {
    const isStarting = to.pieces.count < ALLOWED_FAST_COUNT;
    if (!isStarting || !to.peer.extensions.fast || to.allowedFast) return;
    const indexes = this.#allowedFastSet(to.peer.hostname);
    to.allowedFast = new Set(indexes);
    to.allowedBytesLeft = indexes.length * this.#context.geometry.pieceLength;
    for (const index of indexes) {
      this.#context.send(to.peer, { type: "allowedFast", index });
    }
  }
}

/** True if a part is all of a request, or whole blocks of it. */
function contains(request: BlockRange, part: BlockRange): boolean {
  const before = part.offsetInPiece - request.offsetInPiece;
  const after = request.length - part.length - before;
  return request.index === part.index && before >= 0 && after >= 0 &&
    before % BLOCK_SIZE === 0 &&
    (after === 0 || part.length % BLOCK_SIZE === 0);
}

/** The rest of a request without a part that it contains. */
function rest(request: BlockRange, part: BlockRange): BlockRange[] {
  const { index, offsetInPiece } = request;
  const before = part.offsetInPiece - offsetInPiece;
  const after = request.length - part.length - before;
  const end = part.offsetInPiece + part.length;
  return [
    { index, offsetInPiece, length: before },
    { index, offsetInPiece: end, length: after },
  ].filter(({ length }) => length > 0);
}

/** Chooses the peers to unchoke: at most `slots` interested ones, and the others while none waits. Its test is `choose_unchoked_test.ts`. */
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
