/**
 * The seeder's half of the engine: who may ask, what was asked, and how much of
 * it is on its way. Nothing is served that we have not verified, and a peer's
 * queue is bounded. Who speaks the fast extension gets one answer to each request,
 * the block or a reject; to others a request that is refused is as never made.
 * [BEP 6]
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import type { BlockRange } from "../wire/message.ts";
import { ALLOWED_FAST_COUNT } from "./allowed_fast.ts";
import { chooseUnchoked, UPLOAD_SLOTS } from "./choker.ts";
import type { PeerState } from "./peer_state.ts";
import type { SwarmContext } from "./swarm_context.ts";

/** Largest block that may be asked for, in bytes; what other clients allow too. */
export const MAX_REQUEST_LENGTH = 128 * 1024;
/** Requests that one peer may have queued; libtorrent's ceiling for one connection. */
export const MAX_QUEUED_REQUESTS = 2000;
/** Handed out and unsent at once for each peer, in bytes: the depth of its read-ahead. */
const UPLOAD_AHEAD_BYTES = 1024 * 1024;
/** How often turns are reconsidered, in milliseconds. [BEP 3] */
const RECHOKE_INTERVAL_MS = 10_000;

/** What uploads need beside the context. */
export interface UploadsOptions {
  /** The pieces that a choked peer at the address may request. [BEP 6] */
  readonly allowedFastSet: (hostname: string) => readonly number[];
}

/** Uploading of one torrent to all its peers. */
export class Uploads {
  readonly #context: SwarmContext;
  readonly #options: UploadsOptions;
  #rechokedAt = 0;
  /** Whether who asks has changed since turns were last reconsidered. */
  #isStale = false;
  #uploadedBytes = 0;

  constructor(context: SwarmContext, options: UploadsOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Content sent so far, in bytes. */
  get uploadedBytes(): number {
    return this.#uploadedBytes;
  }

  receiveInterest(peer: PeerState, isInterested: boolean, now: number): void {
    if (isInterested === peer.peerIsInterested) return;
    peer.peerIsInterested = isInterested;
    this.#isStale = true;
    if (!isInterested || !peer.weChoke) return;
    if (this.#hasFreeSlot) this.#setChoke(peer, false, now);
    else this.#offerFast(peer, now);
  }

  /** @throws {ProtocolError} If the range lies outside the torrent, is too long, or the queue is full. */
  receiveRequest(peer: PeerState, range: BlockRange, now: number): void {
    const { index, offsetInPiece, length } = range;
    if (length > MAX_REQUEST_LENGTH) {
      throw new ProtocolError(
        `Cannot serve request: ${length} bytes exceed the limit of ${MAX_REQUEST_LENGTH}`,
      );
    }
    if (!this.#context.geometry.contains(index, offsetInPiece, length)) {
      throw new ProtocolError(
        `Cannot serve request: piece ${index}, offset ${offsetInPiece}, length ${length} is not in the torrent`,
      );
    }
    // Asked before our choke arrived, or for a piece that we never announced.
    const isServed = this.#context.have.has(index) &&
      (!peer.weChoke || takeFastBytes(peer, range));
    if (!isServed) return this.#refuse(peer, range, now);
    if (peer.uploadQueue.length >= MAX_QUEUED_REQUESTS) {
      if (peer.extensions.fast) return this.#refuse(peer, range, now);
      throw new ProtocolError(
        `Cannot serve request: ${MAX_QUEUED_REQUESTS} are queued already`,
      );
    }
    const block = pickRange(range);
    if (peer.uploadQueue.length > 0) peer.uploadQueue.push(block);
    else if (peer.uploadingBytes >= UPLOAD_AHEAD_BYTES) {
      peer.uploadQueue.push(block);
    } else this.#handOut(peer, block);
  }

  receiveCancel(peer: PeerState, range: BlockRange, now: number): void {
    const position = peer.uploadQueue.findIndex((queued) =>
      queued.index === range.index &&
      queued.offsetInPiece === range.offsetInPiece &&
      queued.length === range.length
    );
    // A block that is on its way already is not called back.
    if (position < 0) return;
    peer.uploadQueue.splice(position, 1);
    this.#sendReject(peer, range, now);
  }

  blockSent(peer: PeerState, length: number, now: number): void {
    peer.uploadingBytes -= length;
    peer.uploadRate.add(length, now);
    this.#uploadedBytes += length;
    this.#serve(peer);
  }

  /** A slot may have become free. */
  peerLeft(): void {
    this.#isStale = true;
  }

  tick(now: number): void {
    // At most once a tick, however often peers change their minds.
    const isDue = now - this.#rechokedAt >= RECHOKE_INTERVAL_MS;
    if (this.#isStale || isDue) this.#rechoke(now);
  }

  get #hasFreeSlot(): boolean {
    let taken = 0;
    for (const peer of this.#context.peers.values()) {
      if (!peer.weChoke && peer.peerIsInterested) taken++;
    }
    return taken < UPLOAD_SLOTS;
  }

  #serve(peer: PeerState): void {
    while (
      peer.uploadQueue.length > 0 && peer.uploadingBytes < UPLOAD_AHEAD_BYTES
    ) {
      this.#handOut(peer, peer.uploadQueue.shift()!);
    }
  }

  #handOut(peer: PeerState, block: BlockRange): void {
    peer.uploadingBytes += block.length;
    this.#context.emit({ type: "serveBlock", peer: peer.key, block });
  }

  #rechoke(now: number): void {
    this.#rechokedAt = now;
    this.#isStale = false;
    const unchoked = chooseUnchoked(this.#context.peers.values(), {
      now,
      slots: UPLOAD_SLOTS,
    });
    for (const peer of this.#context.peers.values()) {
      const weChoke = !unchoked.has(peer.key);
      if (weChoke !== peer.weChoke) this.#setChoke(peer, weChoke, now);
    }
  }

  #setChoke(peer: PeerState, weChoke: boolean, now: number): void {
    peer.weChoke = weChoke;
    peer.refusedCount = 0;
    if (!weChoke) peer.unchokedAt = now;
    this.#context.send(peer, { type: weChoke ? "choke" : "unchoke" }, now);
    if (!weChoke) return;
    // After the choke, or the peer would ask again. [BEP 6]
    for (const range of peer.uploadQueue.splice(0)) {
      if (takeFastBytes(peer, range)) peer.uploadQueue.push(range);
      else this.#sendReject(peer, range, now);
    }
  }

  /** @throws {ProtocolError} If the peer goes on asking while it is choked. */
  #refuse(peer: PeerState, range: BlockRange, now: number): void {
    if (!peer.extensions.fast) return;
    // Some were on their way when it was choked, as many as may be queued.
    if (peer.weChoke && ++peer.refusedCount > MAX_QUEUED_REQUESTS) {
      throw new ProtocolError(
        `Cannot serve request: ${peer.refusedCount} were made while choked`,
      );
    }
    this.#sendReject(peer, range, now);
  }

  #sendReject(peer: PeerState, range: BlockRange, now: number): void {
    if (!peer.extensions.fast) return;
    const message = { type: "reject", ...pickRange(range) } as const;
    this.#context.send(peer, message, now);
  }

  /**
   * Offers a few pieces to a peer that has next to nothing and finds every slot
   * taken. BEP 6 would offer them to every newcomer, but a free slot is worth more.
   */
  #offerFast(peer: PeerState, now: number): void {
    const isStarting = peer.pieces.count < ALLOWED_FAST_COUNT;
    if (!peer.extensions.fast || !isStarting) return;
    if (peer.offeredFast !== undefined) return;
    const pieces = this.#options.allowedFastSet(peer.hostname);
    peer.offeredFast = new Set(pieces);
    peer.fastBytesLeft = pieces.length * this.#context.geometry.pieceLength;
    for (const index of pieces) {
      this.#context.send(peer, { type: "allowedFast", index }, now);
    }
  }
}

/** Whether a block is of a piece that is offered fast, and still may be served so: each byte is paid for once. */
function takeFastBytes(
  peer: PeerState,
  { index, length }: BlockRange,
): boolean {
  if (!peer.offeredFast?.has(index)) return false;
  if (peer.fastBytesLeft < length) return false;
  peer.fastBytesLeft -= length;
  return true;
}

/** Only the range of what may be a whole message. */
function pickRange({ index, offsetInPiece, length }: BlockRange): BlockRange {
  return { index, offsetInPiece, length };
}
