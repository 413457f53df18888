/**
 * What a swarm is told and what it wants done. The engine does neither I/O nor
 * timing itself: whoever drives it turns the world into events and performs the
 * actions, in order.
 *
 * @module
 */
import type { PeerId } from "../base/identifier.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { WireExtensions } from "../wire/handshake.ts";
import type { BlockRange, ControlMessage, Message } from "../wire/message.ts";

/** Names one connection for as long as the process runs; never used twice. */
export type PeerKey = number;

/** A connection whose handshake is done. */
export interface PeerIntroduction {
  readonly peer: PeerKey;
  readonly id: PeerId;
  /** The remote address, without port: what a ban applies to. */
  readonly hostname: string;
  /** Whether we dialed. */
  readonly isOutgoing: boolean;
  /** What both ends speak beyond BEP 3. @default {NO_EXTENSIONS} */
  readonly extensions?: WireExtensions;
  /** Where it listens, if that is known: where we dialed it. @default {undefined} */
  readonly listenPort?: number;
}

/** A piece that was hashed. */
export interface JudgedPiece {
  readonly index: number;
  /** The bytes of `verifyPiece`, given back, perhaps in another view. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Something happened. */
export type SwarmEvent =
  | ({ readonly type: "peerJoined" } & PeerIntroduction)
  | { readonly type: "peerLeft"; readonly peer: PeerKey }
  | {
    readonly type: "messageReceived";
    readonly peer: PeerKey;
    readonly message: Message;
  }
  /** A block named by `serveBlock` has left for the network. Length in bytes. */
  | {
    readonly type: "blockSent";
    readonly peer: PeerKey;
    readonly length: number;
  }
  /** The bytes of `verifyPiece` match their hash and are stored. */
  | { readonly type: "pieceVerified" } & JudgedPiece
  /** The bytes of `verifyPiece` do not match their hash. */
  | { readonly type: "pieceCorrupt" } & JudgedPiece
  /** Time passed; sent about once a second. */
  | { readonly type: "tick" };

/** Something is to be done. */
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
  /** A peer named others that may be dialed. */
  | {
    readonly type: "peersHeard";
    readonly addresses: readonly PeerAddress[];
  }
  /** Hash and store a whole piece; `bytes` are the session's until it answers. */
  | {
    readonly type: "verifyPiece";
    readonly index: number;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  /** Close a connection; the swarm has forgotten it already. */
  | {
    readonly type: "disconnect";
    readonly peer: PeerKey;
    readonly reason: DisconnectReason;
    readonly detail: string;
  }
  /** A host sent wrong content: no connection with it any more. */
  | { readonly type: "ban"; readonly hostname: string; readonly index: number }
  /** Every piece is verified. Emitted once. */
  | { readonly type: "completed" };

/** Why the swarm ends a connection. */
export type DisconnectReason =
  | "protocol"
  | "ownPeerId"
  | "duplicate"
  | "banned"
  | "full"
  | "idle"
  | "overdue"
  | "bothComplete";

/** Takes an action from the engine's parts. */
export type Emit = (action: SwarmAction) => void;
