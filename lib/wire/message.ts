/**
 * The messages of the peer wire protocol as values. [BEP 3, 6, 10]
 *
 * @module
 */

/** Message ids on the wire. */
export const MESSAGE_ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  extended: 20,
} as const;

/** The part of a piece that a request names. */
export interface BlockRange {
  /** Piece index. */
  readonly index: number;
  readonly offsetInPiece: number;
  /** In bytes. */
  readonly length: number;
}

/** Messages without a payload. */
export type SignalMessage = {
  readonly type:
    | "keepAlive"
    | "choke"
    | "unchoke"
    | "interested"
    | "notInterested"
    /** Replaces a full bitfield. [BEP 6] */
    | "haveAll"
    /** Replaces an empty bitfield. [BEP 6] */
    | "haveNone";
};

/** Every message but a block of content; encoded when its batch leaves. */
export type ControlMessage =
  | SignalMessage
  | { readonly type: "have"; readonly index: number }
  | { readonly type: "bitfield"; readonly bytes: Uint8Array }
  | ({ readonly type: "request" } & BlockRange)
  | ({ readonly type: "cancel" } & BlockRange)
  /** The request will not be served. [BEP 6] */
  | ({ readonly type: "reject" } & BlockRange)
  /** A piece that the sender would like to serve. [BEP 6] */
  | { readonly type: "suggest"; readonly index: number }
  /** A piece that the sender serves even while it chokes. [BEP 6] */
  | { readonly type: "allowedFast"; readonly index: number }
  | ExtendedMessage;

/**
 * A message of the extension protocol. [BEP 10] In a received message `id` is ours
 * and `payload` a view, valid until the next read; in a sent one `id` is the peer's.
 */
export interface ExtendedMessage {
  readonly type: "extended";
  /** 0 is the extended handshake. */
  readonly id: number;
  readonly payload: Uint8Array;
  /** In a sent one, bytes behind the payload: content that is copied only when it leaves. */
  readonly tail?: Uint8Array | undefined;
}

/** A block of content: BEP 3 calls its message `piece`. `block` is a view, valid until the next read. */
export interface PieceMessage {
  readonly type: "piece";
  readonly index: number;
  readonly offsetInPiece: number;
  readonly block: Uint8Array;
}

/** A message with an unknown id, to be ignored. `length` is that of its payload, in bytes. */
export interface UnknownMessage {
  readonly type: "unknown";
  readonly id: number;
  readonly length: number;
}

/** A message of a peer. */
export type Message = ControlMessage | PieceMessage | UnknownMessage;
