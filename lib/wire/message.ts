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

/** The part of a piece that one request asks for. */
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
    /** In place of a full bitfield. [BEP 6] */
    | "haveAll"
    /** In place of an empty bitfield. [BEP 6] */
    | "haveNone";
};

/** Everything but a block of content: small, encoded as soon as it is sent. */
export type ControlMessage =
  | SignalMessage
  | { readonly type: "have"; readonly index: number }
  | { readonly type: "bitfield"; readonly bytes: Uint8Array }
  | ({ readonly type: "request" } & BlockRange)
  | ({ readonly type: "cancel" } & BlockRange)
  /** That request will not be answered. [BEP 6] */
  | ({ readonly type: "reject" } & BlockRange)
  /** You might like this piece. [BEP 6] */
  | { readonly type: "suggest"; readonly index: number }
  /** This piece is served even while you are choked. [BEP 6] */
  | { readonly type: "allowedFast"; readonly index: number }
  | ExtendedMessage;

/**
 * A message of the extension protocol. [BEP 10] Received, `id` is one that we gave
 * out and `payload` a view, valid until the next read; sent, `id` is the peer's.
 */
export interface ExtendedMessage {
  readonly type: "extended";
  /** 0 is the extended handshake. */
  readonly id: number;
  readonly payload: Uint8Array;
}

/** A block of content. `block` is a view, valid until the next read. */
export interface PieceMessage {
  readonly type: "piece";
  readonly index: number;
  readonly offsetInPiece: number;
  readonly block: Uint8Array;
}

/** A message of an id that we do not know: ignored. `length` is its payload's, in bytes. */
export interface UnknownMessage {
  readonly type: "unknown";
  readonly id: number;
  readonly length: number;
}

/** What a peer may say. */
export type Message = ControlMessage | PieceMessage | UnknownMessage;
