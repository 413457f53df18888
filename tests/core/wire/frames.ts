/**
 * Every message with its bytes, written out by hand. [BEP 3, 6, 10]
 */
import type { Message, PieceMessage } from "../../../lib/wire/message.ts";
import type { ControlMessage } from "../../../lib/wire/message.ts";

/** The messages that `writeMessage()` writes. */
export const CONTROL_FRAMES:
  readonly (readonly [ControlMessage, Uint8Array])[] = [
    [
      { type: "keepAlive" },
      Uint8Array.of(0, 0, 0, 0), // length 0: no id, no payload
    ],
    [
      { type: "choke" },
      Uint8Array.of(
        ...[0, 0, 0, 1], // length
        0, // id
      ),
    ],
    [{ type: "unchoke" }, Uint8Array.of(0, 0, 0, 1, 1)],
    [{ type: "interested" }, Uint8Array.of(0, 0, 0, 1, 2)],
    [{ type: "notInterested" }, Uint8Array.of(0, 0, 0, 1, 3)],
    [
      { type: "have", index: 0x01020304 },
      Uint8Array.of(
        ...[0, 0, 0, 5], // length
        4, // id
        ...[1, 2, 3, 4], // piece index
      ),
    ],
    [
      // An index of 2^31 or more is not negative.
      { type: "have", index: 0xfffffffe },
      Uint8Array.of(0, 0, 0, 5, 4, 0xff, 0xff, 0xff, 0xfe),
    ],
    [
      { type: "bitfield", bytes: Uint8Array.of(0xa1, 0x40) },
      Uint8Array.of(
        ...[0, 0, 0, 3], // length
        5, // id
        0b1010_0001, // pieces 0, 2, 7
        0b0100_0000, // piece 9
      ),
    ],
    [
      { type: "request", index: 1, offsetInPiece: 0x4000, length: 0x4000 },
      Uint8Array.of(
        ...[0, 0, 0, 13], // length
        6, // id
        ...[0, 0, 0, 1], // piece index
        ...[0, 0, 0x40, 0], // offset in the piece
        ...[0, 0, 0x40, 0], // length of the block
      ),
    ],
    [
      { type: "cancel", index: 2, offsetInPiece: 0x8000, length: 5 },
      Uint8Array.of(
        ...[0, 0, 0, 13],
        8,
        ...[0, 0, 0, 2],
        ...[0, 0, 0x80, 0],
        ...[0, 0, 0, 5],
      ),
    ],
    [{ type: "haveAll" }, Uint8Array.of(0, 0, 0, 1, 0x0e)],
    [{ type: "haveNone" }, Uint8Array.of(0, 0, 0, 1, 0x0f)],
    [
      { type: "suggest", index: 0x80000001 },
      Uint8Array.of(
        ...[0, 0, 0, 5], // length
        0x0d, // id
        ...[0x80, 0, 0, 1], // piece index
      ),
    ],
    [
      { type: "allowedFast", index: 1313 },
      Uint8Array.of(0, 0, 0, 5, 0x11, 0, 0, 0x05, 0x21),
    ],
    [
      { type: "reject", index: 2, offsetInPiece: 0x8000, length: 0x4000 },
      Uint8Array.of(
        ...[0, 0, 0, 13], // length
        0x10, // id
        ...[0, 0, 0, 2], // piece index
        ...[0, 0, 0x80, 0], // offset in the piece
        ...[0, 0, 0x40, 0], // length of the block
      ),
    ],
    [
      { type: "extended", id: 0, payload: Uint8Array.of(0x64, 0x65) },
      Uint8Array.of(
        ...[0, 0, 0, 4], // length
        20, // id
        0, // extended id: the handshake
        ...[0x64, 0x65], // d e
      ),
    ],
    [
      { type: "extended", id: 255, payload: new Uint8Array(0) },
      Uint8Array.of(0, 0, 0, 2, 20, 255),
    ],
  ];

/** A block of three bytes. */
export const PIECE_FRAME: readonly [PieceMessage, Uint8Array] = [
  {
    type: "piece",
    index: 1,
    offsetInPiece: 0x4000,
    block: Uint8Array.of(7, 8, 9),
  },
  Uint8Array.of(
    ...[0, 0, 0, 12], // length: 9 and the block
    7, // id
    ...[0, 0, 0, 1], // piece index
    ...[0, 0, 0x40, 0], // offset in the piece
    ...[7, 8, 9], // the block
  ),
];

/** Every message that a peer may send. */
export const FRAMES: readonly (readonly [Message, Uint8Array])[] = [
  ...CONTROL_FRAMES,
  PIECE_FRAME,
  [
    // `port` of a DHT node [BEP 5], which we do not know.
    { type: "unknown", id: 9, length: 2 },
    Uint8Array.of(0, 0, 0, 3, 9, 0x1a, 0xe1),
  ],
];
