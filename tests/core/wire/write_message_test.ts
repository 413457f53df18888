import { assertEquals } from "@std/assert";
import {
  encodedLength,
  PIECE_HEADER_LENGTH,
  writeMessage,
  writePieceHeader,
} from "../../../lib/wire/write_message.ts";
import { joined } from "./feeding.ts";
import { CONTROL_FRAMES, PIECE_FRAME } from "./frames.ts";

for (const [message, bytes] of CONTROL_FRAMES) {
  Deno.test(`writeMessage() writes ${message.type}: ${bytes}`, () => {
    const written = new Uint8Array(encodedLength(message));
    writeMessage(message, new DataView(written.buffer), 0);
    assertEquals(written, bytes);
  });
}

Deno.test("writeMessage() writes one message after another", () => {
  const all = joined(...CONTROL_FRAMES.map(([, bytes]) => bytes));
  const written = new Uint8Array(all.length);
  const view = new DataView(written.buffer);
  let at = 0;
  for (const [message] of CONTROL_FRAMES) at = writeMessage(message, view, at);
  assertEquals(at, all.length);
  assertEquals(written, all);
});

Deno.test("writeMessage() respects the offset of a view in its buffer", () => {
  for (const [message, bytes] of CONTROL_FRAMES) {
    const buffer = new Uint8Array(bytes.length + 6).fill(0xee);
    const view = new DataView(buffer.buffer, 2, bytes.length + 2);
    assertEquals(writeMessage(message, view, 1), 1 + bytes.length);
    const around = [0xee, 0xee, 0xee];
    assertEquals(buffer, joined(around, bytes, around));
  }
});

Deno.test("writePieceHeader() writes the header of a block", () => {
  const [message, bytes] = PIECE_FRAME;
  const { index, offsetInPiece, block } = message;
  const written = new Uint8Array(bytes.length);
  const view = new DataView(written.buffer);
  const range = { index, offsetInPiece, length: block.length };
  const end = writePieceHeader(range, view, 0);
  assertEquals(end, PIECE_HEADER_LENGTH);
  written.set(block, end);
  assertEquals(written, bytes);
});
