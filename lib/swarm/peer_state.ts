/**
 * What the swarm knows of one connection. Plain state: the parts of the engine
 * that own a field say so below, and only they change it.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import type { PeerId } from "../base/identifier.ts";
import { RateMeter } from "../base/rate_meter.ts";
import type { BlockRange } from "../wire/message.ts";
import type { PeerIntroduction, PeerKey } from "./events.ts";
import { RequestWindow } from "./request_window.ts";

/** State of one peer, seen from our side of the connection. */
export class PeerState {
  readonly key: PeerKey;
  readonly id: PeerId;
  readonly hostname: string;
  readonly isOutgoing: boolean;

  // The swarm's: when the connection was used.
  lastSentAt: number;
  lastReceivedAt: number;

  // The downloads': what the peer has and what we asked of it.
  readonly pieces: Bitfield;
  /** Pieces that it has and we lack. */
  wantedCount = 0;
  /** Pieces that it has and that we have not begun. */
  waitingCount = 0;
  weAreInterested = false;
  peerChokes = true;
  readonly window: RequestWindow = new RequestWindow();
  /** Ids of the blocks on order here. */
  readonly outstanding: Set<number> = new Set();
  /** When it last delivered, or was first asked while nothing was outstanding. */
  lastProgressAt: number;
  /** It has kept us waiting too long: its blocks may be asked of others. */
  isSnubbing = false;
  readonly downloadRate: RateMeter;

  // The uploads': what it asked of us.
  weChoke = true;
  peerIsInterested = false;
  /** When `weChoke` last changed to false. */
  unchokedAt = 0;
  /** Requests accepted and not yet handed out to be served. */
  readonly uploadQueue: BlockRange[] = [];
  /** Bytes handed out to be served and not yet sent. */
  uploadingBytes = 0;
  readonly uploadRate: RateMeter;

  constructor(introduction: PeerIntroduction, pieceCount: number, now: number) {
    this.key = introduction.peer;
    this.id = introduction.id;
    this.hostname = introduction.hostname;
    this.isOutgoing = introduction.isOutgoing;
    this.pieces = new Bitfield(pieceCount);
    this.lastSentAt = now;
    this.lastReceivedAt = now;
    this.lastProgressAt = now;
    this.downloadRate = new RateMeter(now);
    this.uploadRate = new RateMeter(now);
  }

  /** Whether the peer has every piece. */
  get isSeeder(): boolean {
    return this.pieces.isFull;
  }
}
