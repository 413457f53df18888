/**
 * What the swarm knows of one connection. Plain state: the parts of the engine
 * that own a field say so below, and only they change it.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import type { PeerId } from "../base/identifier.ts";
import { RateMeter } from "../base/rate_meter.ts";
import { NO_EXTENSIONS, type WireExtensions } from "../wire/handshake.ts";
import type { BlockRange } from "../wire/message.ts";
import { AgeQueue } from "./age_queue.ts";
import type { PeerIntroduction, PeerKey } from "./events.ts";
import { type RequestLimits, RequestWindow } from "./request_window.ts";

/** State of one peer, seen from our side of the connection. */
export class PeerState {
  readonly key: PeerKey;
  readonly id: PeerId;
  readonly hostname: string;
  readonly isOutgoing: boolean;
  /** What both ends speak beyond BEP 3. */
  readonly extensions: WireExtensions;

  // The extensions': what it says of itself.
  /** Where it listens, if that is known. */
  listenPort: number | undefined;
  /** Its name and version. */
  client: string | undefined;
  /** Our address as it sees it. */
  seesUsAs: string | undefined;
  /** Whether it wants no content. [BEP 21] */
  isUploadOnly = false;

  // The swarm's: when the connection was used.
  readonly joinedAt: number;
  /** Whether it has said anything since. */
  hasSpoken = false;
  lastSentAt = -Infinity;
  lastReceivedAt = -Infinity;

  // The downloads': what the peer has and what we asked of it.
  readonly pieces: Bitfield;
  /** Pieces that it has and we lack. */
  wantedCount = 0;
  /** Pieces that it has and that we have not begun. */
  waitingCount = 0;
  weAreInterested = false;
  peerChokes = true;
  readonly window: RequestWindow;
  /** Ids of the blocks on order here. */
  readonly outstanding: AgeQueue<number> = new AgeQueue();
  /** Blocks asked for so far. */
  askedCount = 0;
  /** Blocks that came and were not on order: without the fast extension alone. */
  strayCount = 0;
  /** Ids of blocks called off whose answer is still to come: with the fast extension alone. */
  readonly calledOff: Set<number> = new Set();
  /** Pieces that it serves even while it chokes us. */
  readonly allowedFast: Set<number> = new Set();
  /**
   * The peer chokes us, or rejected a piece that it had allowed: what is outstanding
   * is still to be served or rejected, and until then nothing more is asked.
   */
  isSettling = false;
  /** Nothing is asked of it before, in milliseconds, since it refused. */
  restsUntil = 0;
  /** Refusals in a row that had it rest. */
  refusalCount = 0;
  /** When it last delivered, or was first asked while nothing was outstanding. */
  lastProgressAt = -Infinity;
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
  /** Pieces that we serve even while we choke it; `undefined` before the offer. */
  offeredFast: ReadonlySet<number> | undefined;
  /** Bytes that we may yet serve so. */
  fastBytesLeft = 0;
  /** Requests refused since we choked it. */
  refusedCount = 0;
  /** Bytes handed out to be served and not yet sent. */
  uploadingBytes = 0;
  readonly uploadRate: RateMeter;

  constructor(
    introduction: PeerIntroduction,
    options: { pieceCount: number; requestLimits?: RequestLimits },
    now: number,
  ) {
    this.key = introduction.peer;
    this.id = introduction.id;
    this.hostname = introduction.hostname;
    this.isOutgoing = introduction.isOutgoing;
    this.extensions = introduction.extensions ?? NO_EXTENSIONS;
    this.listenPort = introduction.listenPort;
    this.pieces = new Bitfield(options.pieceCount);
    this.window = new RequestWindow(options.requestLimits);
    this.joinedAt = now;
    this.lastSentAt = now;
    this.lastReceivedAt = now;
    this.lastProgressAt = now;
    this.downloadRate = new RateMeter(now);
    this.uploadRate = new RateMeter(now);
  }

  /** Nothing could be heard of it for so long, in milliseconds: it was not silent. */
  forgiveSilence(ms: number): void {
    this.lastReceivedAt += ms;
    this.lastProgressAt += ms;
  }

  /** Whether it has every piece, or says that it wants no more: a seeder may show its pieces one by one. [BEP 21] */
  get isSeeder(): boolean {
    return this.pieces.isFull || this.isUploadOnly;
  }

  /**
   * Whether it is to hear even of pieces that it has itself, which are half of all
   * haves. It need not where it will understand that we are complete [BEP 21], but
   * a seeder wants to know what has left it.
   */
  get wantsEveryHave(): boolean {
    return !this.extensions.extended || this.isSeeder;
  }
}
