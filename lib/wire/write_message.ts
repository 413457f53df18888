/**
 * Encodes messages into a buffer of the caller, so that many leave in one write.
 * [BEP 3, 6, 10]
 *
 * @module
 */
import { type BlockRange, type ControlMessage, MESSAGE_ID } from "./message.ts";

/** Bytes before a block: length prefix, id, index, offset. */
export const PIECE_HEADER_LENGTH = 13;

/** Bytes that {@linkcode writeMessage} needs for a message. */
export function encodedLength(message: ControlMessage): number {
  switch (message.type) {
    case "keepAlive":
      return 4;
    case "choke":
    case "unchoke":
    case "interested":
    case "notInterested":
    case "haveAll":
    case "haveNone":
      return 5;
    case "have":
    case "suggest":
    case "allowedFast":
      return 9;
    case "bitfield":
      return 5 + message.bytes.length;
    case "request":
    case "cancel":
    case "reject":
      return 17;
    case "extended":
      return 6 + message.payload.length + (message.tail?.length ?? 0);
    default:
      message satisfies never;
      throw new TypeError("Cannot encode message: unknown type");
  }
}

/**
 * Writes a message at offset `at` of the view and returns the offset after it. The
 * view must have {@linkcode encodedLength} bytes there.
 */
export function writeMessage(
  message: ControlMessage,
  view: DataView,
  at: number,
): number {
  const end = at + encodedLength(message);
  view.setUint32(at, end - at - 4);
  if (message.type === "keepAlive") return end;
  view.setUint8(at + 4, MESSAGE_ID[message.type]);
  switch (message.type) {
    case "have":
    case "suggest":
    case "allowedFast":
      view.setUint32(at + 5, message.index);
      break;
    case "bitfield":
      new Uint8Array(view.buffer, view.byteOffset + at + 5).set(message.bytes);
      break;
    case "extended":
      view.setUint8(at + 5, message.id);
      new Uint8Array(view.buffer, view.byteOffset + at + 6)
        .set(message.payload);
      if (message.tail !== undefined) {
        new Uint8Array(view.buffer, view.byteOffset + end - message.tail.length)
          .set(message.tail);
      }
      break;
    case "request":
    case "cancel":
    case "reject":
      view.setUint32(at + 5, message.index);
      view.setUint32(at + 9, message.offsetInPiece);
      view.setUint32(at + 13, message.length);
      break;
  }
  return end;
}

/** Writes the header of a block; the block itself belongs at the returned offset. */
export function writePieceHeader(
  block: BlockRange,
  view: DataView,
  at: number,
): number {
  view.setUint32(at, 9 + block.length);
  view.setUint8(at + 4, MESSAGE_ID.piece);
  view.setUint32(at + 5, block.index);
  view.setUint32(at + 9, block.offsetInPiece);
  return at + PIECE_HEADER_LENGTH;
}
