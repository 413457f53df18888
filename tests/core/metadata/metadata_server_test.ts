import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  encodeMetadataMessage,
  parseMetadataMessage,
} from "../../../lib/metadata/metadata_message.ts";
import { MetadataServer } from "../../../lib/metadata/metadata_server.ts";
import { latin1 } from "../bencode/bytes.ts";

/** Two pieces: 16,384 bytes of 1 and 6 bytes of 2. */
const INFO = new Uint8Array(16_390).fill(1).fill(2, 16_384);

/** A line for the reply to a request. */
function ask(
  server: MetadataServer,
  piece: number,
  { peer, now = 0 }: { peer: WeakKey; now?: number },
): string {
  const { payload } = encodeMetadataMessage({ type: "request", piece });
  const reply = server.answer(peer, payload, now)!;
  const message = parseMetadataMessage(reply.payload)!;
  return message.type === "data"
    ? `data ${message.piece} of ${message.totalLength}: ` +
      `${reply.tail!.length} times ${reply.tail![0]}`
    : `${message.type} ${message.piece}`;
}

Deno.test("MetadataServer sends each piece as a view of the metadata", () => {
  const server = new MetadataServer(INFO);
  const peer = {};
  assertEquals(ask(server, 0, { peer }), "data 0 of 16390: 16384 times 1");
  assertEquals(ask(server, 1, { peer }), "data 1 of 16390: 6 times 2");
  const { payload } = encodeMetadataMessage({ type: "request", piece: 1 });
  const { tail } = server.answer(peer, payload, 0)!;
  assertEquals(tail?.buffer === INFO.buffer, true);
});

Deno.test("MetadataServer rejects a piece that there is not", () => {
  const server = new MetadataServer(INFO);
  assertEquals(ask(server, 2, { peer: {} }), "reject 2");
  assertEquals(ask(server, 2047, { peer: {} }), "reject 2047");
});

Deno.test("MetadataServer serves a peer two copies, and then four pieces a second", () => {
  const server = new MetadataServer(INFO);
  const peer = {};
  const kinds = (count: number, now: number): string =>
    Array.from(
      { length: count },
      () => ask(server, 0, { peer, now })[0], // d(ata) or r(eject)
    ).join("");
  assertEquals(kinds(6, 0), "ddddrr");
  assertEquals(kinds(3, 500), "ddr");
  // Rejects were free; another peer has its own copies.
  assertEquals(kinds(6, 60_000), "ddddrr");
  assertEquals(ask(server, 0, { peer: {} })[0], "d");
});

Deno.test("MetadataServer ignores data, rejects and unknown types, and refuses others", () => {
  const server = new MetadataServer(INFO);
  for (const type of [1, 2, 3]) {
    const text = `d8:msg_typei${type}e5:piecei0e10:total_sizei6eexxxxxx`;
    assertEquals(server.answer({}, latin1(text), 0), undefined);
  }
  assertThrows(() => server.answer({}, latin1("x"), 0), ProtocolError);
});
