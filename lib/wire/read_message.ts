/**
 * Decodes messages from a receive buffer. [BEP 3, 6, 10] Owns the rules for frames:
 * it checks a length before it waits for the frame, and refuses payloads of the
 * wrong size. It does not know torrents: the swarm checks indexes and the order of
 * messages.
 *
 * @module
 */
import type { ByteQueue } from "../base/byte_queue.ts";
import { ProtocolError } from "../base/errors.ts";
import { type BlockRange, type Message, MESSAGE_ID } from "./message.ts";

/** Longest frame without its 4-byte prefix, in bytes, unless the torrent's bitfield needs more. */
export const MAX_FRAME_LENGTH = 1024 * 1024;

/** Length of the prefix before each frame, in bytes. */
const PREFIX_LENGTH = 4;

/**
 * Takes one message off the queue; `undefined` while it is incomplete. Blocks,
 * bitfields and extended payloads are views into the queue.
 * @throws {ProtocolError} If the frame is too long or its payload has the wrong size.
 */
export function readMessage(
  queue: ByteQueue,
  maxLength: number,
): Message | undefined {
  if (queue.length < PREFIX_LENGTH) return undefined;
  const bytes = queue.bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0);
  if (length > maxLength) {
    throw new ProtocolError(
      `Cannot read message: length ${length} exceeds the limit of ${maxLength} bytes`,
    );
  }
  if (bytes.length < PREFIX_LENGTH + length) return undefined;
  queue.consume(PREFIX_LENGTH + length);
  if (length === 0) return { type: "keepAlive" };
  return decode(bytes.subarray(PREFIX_LENGTH, PREFIX_LENGTH + length), view);
}

/** @param view A view of the whole frame with its prefix. */
function decode(frame: Uint8Array, view: DataView): Message {
  const id = frame[0]!;
  switch (id) {
    case MESSAGE_ID.choke:
      checkLength("choke", frame, 1);
      return { type: "choke" };
    case MESSAGE_ID.unchoke:
      checkLength("unchoke", frame, 1);
      return { type: "unchoke" };
    case MESSAGE_ID.interested:
      checkLength("interested", frame, 1);
      return { type: "interested" };
    case MESSAGE_ID.notInterested:
      checkLength("not interested", frame, 1);
      return { type: "notInterested" };
    case MESSAGE_ID.have:
      checkLength("have", frame, 5);
      return { type: "have", index: view.getUint32(5) };
    case MESSAGE_ID.bitfield:
      return { type: "bitfield", bytes: frame.subarray(1) };
    case MESSAGE_ID.request:
      checkLength("request", frame, 13);
      return { type: "request", ...readBlockRange(view) };
    case MESSAGE_ID.cancel:
      checkLength("cancel", frame, 13);
      return { type: "cancel", ...readBlockRange(view) };
    case MESSAGE_ID.piece:
      if (frame.length < 9) checkLength("piece", frame, 9);
      return {
        type: "piece",
        index: view.getUint32(5),
        offsetInPiece: view.getUint32(9),
        block: frame.subarray(9),
      };
    case MESSAGE_ID.suggest:
      checkLength("suggest piece", frame, 5);
      return { type: "suggest", index: view.getUint32(5) };
    case MESSAGE_ID.haveAll:
      checkLength("have all", frame, 1);
      return { type: "haveAll" };
    case MESSAGE_ID.haveNone:
      checkLength("have none", frame, 1);
      return { type: "haveNone" };
    case MESSAGE_ID.reject:
      checkLength("reject request", frame, 13);
      return { type: "reject", ...readBlockRange(view) };
    case MESSAGE_ID.allowedFast:
      checkLength("allowed fast", frame, 5);
      return { type: "allowedFast", index: view.getUint32(5) };
    case MESSAGE_ID.extended:
      if (frame.length < 2) checkLength("extended message", frame, 2);
      return { type: "extended", id: frame[1]!, payload: frame.subarray(2) };
    default:
      return { type: "unknown", id, length: frame.length - 1 };
  }
}

function readBlockRange(view: DataView): BlockRange {
  return {
    index: view.getUint32(5),
    offsetInPiece: view.getUint32(9),
    length: view.getUint32(13),
  };
}

function checkLength(name: string, frame: Uint8Array, expected: number): void {
  if (frame.length !== expected) {
    throw new ProtocolError(
      `Cannot read ${name}: its length is ${frame.length}, not ${expected} bytes`,
    );
  }
}
