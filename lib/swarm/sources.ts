/**
 * The peers as sources of blocks: what they have, whether that interests us, and
 * what is requested of each.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { ProtocolError } from "../base/errors.ts";
import { RateMeter } from "../base/rate_meter.ts";
import type { PeerProfile } from "./extensions.ts";
import {
  OutstandingRequests,
  RequestBalance,
  type RequestLimits,
} from "./outstanding_requests.ts";
import type { Peer, SwarmContext } from "./peer.ts";
import { PickingPeer, type PiecePicker } from "./piece_picker.ts";
import { findLate, isSlow, quickestFirst } from "./slow_peers.ts";

/** Pieces that one peer may allow us while it chokes us; other clients offer 10. [BEP 6] */
const MAX_ALLOWED_FAST = 64;

/** One peer as a source of blocks. */
export class Source {
  readonly peer: Peer;
  /** The pieces that it has. */
  readonly pieces: Bitfield;
  readonly requests: OutstandingRequests;
  readonly picking: PickingPeer;
  /** Content received from it. */
  readonly rate: RateMeter;
  /** Pieces that it has and we lack. */
  wantedCount = 0;
  weAreInterested = false;
  peerChokes = true;
  /** Pieces that it serves even while it chokes us. [BEP 6] */
  readonly allowedFast = new Set<number>();
  /**
   * It chokes us, or rejected a piece that it had allowed: outstanding requests are
   * still to be answered, and until then none is added.
   */
  isSettling = false;
  readonly #profile: PeerProfile;

  constructor(
    profile: PeerProfile,
    owned: Pick<Source, "pieces" | "requests" | "rate">,
  ) {
    this.peer = profile.peer;
    this.pieces = owned.pieces;
    this.requests = owned.requests;
    this.picking = new PickingPeer(this.peer.key, owned);
    this.rate = owned.rate;
    this.#profile = profile;
  }

  /** Whether it has every piece, or wants none: a super-seeder announces its pieces one by one. [BEP 16, 21] */
  get isSeeder(): boolean {
    return this.pieces.isFull || this.#profile.isUploadOnly;
  }
}

/** The sources of one torrent. */
export class Sources {
  readonly #context: SwarmContext;
  readonly #picker: PiecePicker;
  readonly #balance: RequestBalance;
  readonly #sources = new Set<Source>();

  constructor(
    context: SwarmContext,
    picker: PiecePicker,
    limits?: RequestLimits,
  ) {
    this.#context = context;
    this.#picker = picker;
    this.#balance = new RequestBalance(limits);
  }

  join(profile: PeerProfile, now: number): Source {
    const { fast: isFast } = profile.peer.extensions;
    const source = new Source(profile, {
      pieces: new Bitfield(this.#context.geometry.pieceCount),
      requests: new OutstandingRequests(this.#balance, { isFast, now }),
      rate: new RateMeter(now),
    });
    this.#sources.add(source);
    this.#picker.add(source.picking);
    return source;
  }

  /** The peer is gone: other peers may be asked for its blocks. */
  leave(source: Source, now: number): void {
    this.#sources.delete(source);
    this.#releaseAll(source);
    source.requests.setAccepted(false);
    this.#picker.remove(source.picking);
    this.fillAll(now);
  }

  /**
   * Adds to the pieces that the peer has. A bitfield belongs right behind the
   * handshake [BEP 3, 6], but aria2 sends another now and then in place of haves.
   */
  receivePieces(source: Source, pieces: Bitfield, now: number): void {
    for (const index of pieces.indexes()) {
      if (!source.pieces.has(index)) this.#addPiece(source, index);
    }
    this.#updateInterest(source, now);
    this.#fill(source, now);
  }

  /** Returns whether the peer had not announced the piece before. */
  receiveHave(source: Source, index: number, now: number): boolean {
    if (source.pieces.has(index)) return false;
    const mayBeWork = this.#addPiece(source, index);
    this.#updateInterest(source, now);
    if (mayBeWork) this.#fill(source, now);
    return true;
  }

  receiveChoke(source: Source): void {
    source.peerChokes = true;
    // With the fast extension the peer still answers each outstanding request;
    // without it the peer drops them. [BEP 3, 6]
    source.isSettling = source.peer.extensions.fast && source.requests.size > 0;
    this.#updateAccepted(source);
    if (!source.isSettling) this.#releaseAll(source);
  }

  receiveUnchoke(source: Source, now: number): void {
    source.peerChokes = false;
    source.isSettling = false;
    source.requests.endRest();
    this.#updateAccepted(source);
    this.#fill(source, now);
  }

  /** The peer will not answer a request. One that was never made is ignored, as libtorrent does. [BEP 6] */
  receiveReject(source: Source, id: number, now: number): void {
    const { requests } = source;
    if (requests.takeAnswer(id) || !requests.drop(id)) return;
    if (!requests.isSnubbed) this.#picker.release(id);
    const { index } = this.#context.geometry.blockOfId(id);
    if (source.peerChokes) {
      // The peer may be at work on a piece that it no longer allows. It gives the
      // piece up once every request is answered.
      source.allowedFast.delete(index);
      source.isSettling = true;
    } else requests.rest(now);
    // Another peer shall work on the piece.
    if (requests.size === 0) this.#releaseAll(source);
    this.fillAll(now);
  }

  /** The peer serves the piece while it chokes us; whether it has the piece, it announces elsewhere. [BEP 6] */
  receiveAllowedFast(source: Source, index: number, now: number): void {
    const { allowedFast } = source;
    if (allowedFast.has(index) || allowedFast.size >= MAX_ALLOWED_FAST) return;
    allowedFast.add(index);
    this.#fill(source, now);
  }

  /** The peer queues at most so many requests. [BEP 10: `reqq`] */
  limitRequests({ requests }: Source, count: number | undefined): void {
    if (count !== undefined) requests.window.limit(count);
  }

  /**
   * Takes a block off the outstanding requests; false if it is not among them.
   * @throws {ProtocolError} If the peer must not send it then.
   */
  takeBlock(
    { requests, rate }: Source,
    { id, bytes }: { id: number | undefined; bytes: Uint8Array },
    now: number,
  ): boolean {
    rate.add(bytes.length, now);
    if (id !== undefined && requests.delete(id)) return true;
    if (requests.acceptsStray(id)) return false;
    throw new ProtocolError("Cannot accept block: it was not requested");
  }

  /** A requested block was received: the peer is asked for more. */
  progressed(source: Source, id: number, now: number): void {
    const { requests } = source;
    if (requests.isSnubbed) this.#forgive(source, now);
    requests.received(id, now);
    this.#settle(source);
    this.#fill(source, now);
  }

  /** Cancels the slower copies of a doubled request. */
  cancel(id: number, now: number): void {
    for (const source of this.#sources) {
      if (source.requests.isSnubbed || !source.requests.cancel(id)) continue;
      this.#picker.release(id);
      this.#send("cancel", id, { peer: source.peer, now });
      this.#settle(source);
    }
  }

  /** Announces a piece that is verified now. */
  announce(index: number, now: number, options: { mayBegin: boolean }): void {
    const have = { type: "have", index } as const;
    for (const source of this.#sources) {
      const isNews = !source.pieces.has(index);
      // Half of all haves would be of pieces that the peer has. A seeder wants those
      // too, to know what has left it; and a peer that would not understand the
      // handshake that says that we are complete. [BEP 21]
      if (isNews || source.isSeeder || !source.peer.extensions.extended) {
        this.#context.send(source.peer, have, now);
      }
      if (!isNews) {
        source.wantedCount--;
        this.#updateInterest(source, now);
      }
      if (options.mayBegin) this.#fill(source, now);
    }
  }

  /** Keeps the request windows of all peers full. */
  fillAll(now: number): void {
    for (const source of this.#sources) this.#fill(source, now);
  }

  /** Nothing could be received for a while, in milliseconds: no peer was slow. */
  forgiveSilence(ms: number): void {
    for (const { requests } of this.#sources) requests.forgiveSilence(ms);
  }

  tick(now: number): void {
    const late = findLate([...this.#sources], {
      now,
      canBeginNone: this.#picker.canBeginNone,
      exclusiveBytesLeft: ({ picking }) =>
        this.#picker.exclusiveBytesLeft(picking),
    });
    for (const source of late) this.#snub(source);
    // After all late peers are snubbed: their blocks are open to everyone now.
    for (const source of quickestFirst(this.#sources)) this.#fill(source, now);
  }

  /** Returns whether a block of the piece may be requested of the peer now. */
  #addPiece(source: Source, index: number): boolean {
    source.pieces.add(index);
    if (!this.#context.have.has(index)) source.wantedCount++;
    return this.#picker.gained(source.picking, index);
  }

  #updateInterest(source: Source, now: number): void {
    const isInteresting = source.wantedCount > 0;
    if (isInteresting === source.weAreInterested) return;
    source.weAreInterested = isInteresting;
    this.#updateAccepted(source);
    const type = isInteresting ? "interested" : "notInterested";
    this.#context.send(source.peer, { type }, now);
  }

  #updateAccepted({ requests, weAreInterested, peerChokes }: Source): void {
    requests.setAccepted(weAreInterested && !peerChokes);
  }

  /** Keeps the peer's request window full. */
  #fill(source: Source, now: number): void {
    const { requests } = source;
    if (!source.weAreInterested || requests.isSnubbed) return;
    if (source.isSettling || requests.isResting(now)) return;
    let among: Bitfield | undefined = source.pieces;
    if (source.peerChokes) among = this.#allowedPieces(source);
    if (among === undefined) return;
    while (!requests.isFull) {
      // Others are about to have what a leecher alone has. That is not so of a
      // seeder, which may be the fastest by far.
      const ahead = source.isSeeder ? "unique" : "none";
      const begin = requests.isAhead ? ahead : "any";
      const options = { among, begin, mayDouble: !isSlow(source) } as const;
      const id = this.#picker.pick(source.picking, options);
      if (id === undefined) return;
      requests.add(id, now);
      this.#send("request", id, { peer: source.peer, now });
    }
  }

  /** The pieces that a choking peer has and serves and that we lack; `undefined` if there are none. */
  #allowedPieces({ allowedFast, pieces }: Source): Bitfield | undefined {
    const { have } = this.#context;
    let allowed: Bitfield | undefined;
    for (const index of allowedFast) {
      if (have.has(index) || !pieces.has(index)) continue;
      allowed ??= new Bitfield(have.length);
      allowed.add(index);
    }
    return allowed;
  }

  /** Opens the peer's blocks to others. They stay outstanding, so a late block still counts. */
  #snub({ requests, picking }: Source): void {
    for (const id of requests) this.#picker.release(id);
    requests.setSnubbed(true);
    this.#picker.abandon(picking);
  }

  #forgive({ peer, requests }: Source, now: number): void {
    requests.setSnubbed(false);
    for (const id of [...requests]) {
      if (this.#picker.requestAgain(id)) continue;
      requests.cancel(id);
      this.#send("cancel", id, { peer, now });
    }
  }

  #send(
    type: "request" | "cancel",
    id: number,
    to: { peer: Peer; now: number },
  ): void {
    const { geometry } = this.#context;
    const { index, offsetInPiece, length } = geometry.blockRange(id);
    const message = { type, index, offsetInPiece, length };
    this.#context.send(to.peer, message, to.now);
  }

  /** Ends the wait of a settling peer once no request is outstanding. */
  #settle(source: Source): void {
    if (source.isSettling && source.requests.size === 0) {
      this.#releaseAll(source);
    }
  }

  #releaseAll(source: Source): void {
    const { requests, picking } = source;
    if (!requests.isSnubbed) {
      for (const id of requests) this.#picker.release(id);
    }
    requests.clear();
    requests.setSnubbed(false);
    source.isSettling = false;
    this.#picker.abandon(picking);
  }
}
