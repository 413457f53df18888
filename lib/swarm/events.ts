/**
 * The events that a swarm takes and the actions that it wants performed, in order.
 * The engine does neither I/O nor timing: its driver turns the world into events.
 *
 * @module
 */
import type { PeerId } from "../base/identifier.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { WireExtensions } from "../wire/handshake.ts";
import type { BlockRange, ControlMessage, Message } from "../wire/message.ts";

/** Identifies one connection; no other connection of this process has the same key. */
export type PeerKey = number;

/** A connection whose handshake is done. */
export interface PeerIntroduction {
  readonly peer: PeerKey;
  readonly id: PeerId;
  /** The remote address, without port: what a ban applies to. */
  readonly hostname: string;
  /** True if we dialed. */
  readonly isOutgoing: boolean;
  /** Extensions that both ends support. @default {NO_EXTENSIONS} */
  readonly extensions?: WireExtensions;
  /** Port where the peer listens, if we dialed it. @default {undefined} */
  readonly listenPort?: number;
}

/** A complete piece, before and after its hash check. */
export interface PieceBytes {
  readonly index: number;
  /** After the check, the memory of `verifyPiece`, perhaps in another view: the old view may be detached. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type SwarmEvent =
  | ({ readonly type: "peerJoined" } & PeerIntroduction)
  | { readonly type: "peerLeft"; readonly peer: PeerKey }
  | {
    readonly type: "messageReceived";
    readonly peer: PeerKey;
    readonly message: Message;
  }
  /** A block of `serveBlock` was sent. Length in bytes. */
  | {
    readonly type: "blockSent";
    readonly peer: PeerKey;
    readonly length: number;
  }
  /** The bytes of `verifyPiece` match their hash and are stored, or do not match. */
  | { readonly type: "pieceVerified" | "pieceCorrupt" } & PieceBytes
  /** Stop or resume requesting and serving. `unsent`: blocks handed out that will not be sent. */
  | {
    readonly type: "paused" | "resumed";
    readonly unsent: readonly UnsentBlock[];
  }
  /** Time passed; sent about once a second. */
  | { readonly type: "tick" };

/** A block of `serveBlock` that was not sent. */
export interface UnsentBlock {
  readonly peer: PeerKey;
  readonly block: BlockRange;
}

export type SwarmAction =
  | {
    readonly type: "send";
    readonly peer: PeerKey;
    readonly message: ControlMessage;
  }
  /** Read a block and send it; answered by `blockSent`. */
  | {
    readonly type: "serveBlock";
    readonly peer: PeerKey;
    readonly block: BlockRange;
  }
  /** Peer exchange named peers that may be dialed. */
  | {
    readonly type: "peersExchanged";
    readonly addresses: readonly PeerAddress[];
  }
  /** Hash and store a piece. The driver owns `bytes` until it answers. */
  | { readonly type: "verifyPiece" } & PieceBytes
  /** Close a connection that the swarm has already removed. */
  | { readonly type: "disconnect" } & Disconnection
  /** A host sent a corrupt block: keep no connection with it. */
  | { readonly type: "ban"; readonly hostname: string; readonly index: number }
  /** Every wanted piece is verified. Emitted once. */
  | { readonly type: "completed" };

/** The end of a connection. */
export interface Disconnection {
  readonly peer: PeerKey;
  readonly reason: DisconnectReason;
  readonly detail: string;
}

/** The reason for which the swarm closes a connection. */
export type DisconnectReason =
  | "protocol"
  | "ownPeerId"
  | "duplicate"
  | "banned"
  | "full"
  | "idle"
  | "overdue"
  | "bothComplete";
