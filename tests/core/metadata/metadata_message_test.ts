import { assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  encodeMetadataMessage,
  type MetadataMessage,
  parseMetadataMessage,
} from "../../../lib/metadata/metadata_message.ts";
import { latin1 } from "../bencode/bytes.ts";

function parse(text: string): unknown {
  return parseMetadataMessage(latin1(text));
}

Deno.test("encodeMetadataMessage() writes the examples of BEP 9", () => {
  assertEquals(encodeMetadataMessage({ type: "request", piece: 0 }), {
    payload: latin1("d8:msg_typei0e5:piecei0ee"),
  });
  assertEquals(encodeMetadataMessage({ type: "reject", piece: 0 }), {
    payload: latin1("d8:msg_typei2e5:piecei0ee"),
  });
  const bytes = latin1("xxxxxxxx");
  const data = encodeMetadataMessage({
    ...{ type: "data", piece: 0, totalLength: 3425, bytes },
  });
  assertEquals(data, {
    payload: latin1("d8:msg_typei1e5:piecei0e10:total_sizei3425ee"),
    tail: bytes,
  });
  assertEquals(data.tail === bytes, true);
});

Deno.test("parseMetadataMessage() reads what encodeMetadataMessage() writes", () => {
  const bytes = new Uint8Array(16_384).fill(0x65); // only "e"
  const messages: MetadataMessage[] = [
    { type: "request", piece: 2047 },
    { type: "reject", piece: 1 },
    { type: "data", piece: 0, totalLength: 16_385, bytes },
  ];
  for (const message of messages) {
    const { payload, tail = new Uint8Array() } = encodeMetadataMessage(message);
    assertEquals(parseMetadataMessage(concat([payload, tail])), message);
  }
});

Deno.test("parseMetadataMessage() ignores unknown types and keys", () => {
  assertEquals(parse("d8:msg_typei3e5:piecei0ee"), undefined);
  assertEquals(parse("d8:msg_typei3e5:piece1:xe"), undefined);
  assertEquals(parse("d1:ale8:msg_typei2e5:piecei4eetail"), {
    ...{ type: "reject", piece: 4 },
  });
});

Deno.test("parseMetadataMessage() refuses what is malformed or too long", () => {
  const cases: [text: string, reason: string][] = [
    ["", "the value is truncated"],
    ["le", "it is not a dictionary"],
    ["d8:msg_typei0e5:piecei0e", "the value is truncated"],
    ["d5:piecei0ee", "msg_type is not a number"],
    ["d8:msg_typei-1e5:piecei0ee", "msg_type is not a number"],
    ["d8:msg_typei0ee", "piece is not a number"],
    ["d8:msg_typei0e5:piecei2048ee", "piece is not a number from 0 to 2047"],
    ["d8:msg_typei0e5:piecei-1ee", "piece is not a number"],
    ["d8:msg_typei1e5:piecei0eexxx", "total_size is not a number"],
    ["d8:msg_typei1e5:piecei0e10:total_sizei33554433eex", "total_size is not"],
    [
      `d8:msg_typei1e5:piecei0e10:total_sizei9ee${"x".repeat(16_385)}`,
      "16385 bytes exceed a piece of 16384",
    ],
    // The dictionary has to end within 256 bytes.
    [`d1:a300:${"x".repeat(300)}8:msg_typei0e5:piecei0ee`, "a string of 300"],
  ];
  for (const [text, reason] of cases) {
    assertThrows(() => parse(text), ProtocolError, reason);
  }
});
