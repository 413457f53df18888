/**
 * The extension protocol's handshake. [BEP 10, 21]
 */
import { assertEquals } from "@std/assert";
import { VERSION } from "../../../lib/base/version.ts";
import {
  encodeExtendedHandshake,
  type ExtendedHandshake,
  parseExtendedHandshake,
} from "../../../lib/wire/extended_handshake.ts";
import { latin1 } from "../bencode/bytes.ts";
import { LIBTORRENT_HANDSHAKE } from "../wire/payloads.ts";
import { EXTENDED, SwarmDesk } from "./swarm_desk.ts";

const OUTGOING = { ...EXTENDED, isOutgoing: true, listenPort: 7000 };

/** The extended handshake among lines. */
function handshakeIn(lines: readonly string[], peer = 1): ExtendedHandshake {
  const start = `${peer} < extended 0: `;
  const line = lines.find((line) => line.startsWith(start));
  return parseExtendedHandshake(latin1(line?.slice(start.length) ?? ""));
}

/** A peer sends an extended handshake. */
function say(
  desk: SwarmDesk,
  handshake: Partial<ExtendedHandshake>,
  peer = 1,
): string[] {
  return desk.receive(peer, {
    type: "extended",
    id: 0,
    payload: encodeExtendedHandshake(handshake),
  });
}

Deno.test("Swarm sends a peer that dialed it its limits, and the address that it sees", () => {
  const desk = new SwarmDesk({ have: ".." });
  assertEquals(handshakeIn(desk.join(1, EXTENDED)), {
    peerExchangeId: 1,
    metadataId: undefined,
    metadataLength: undefined,
    client: `lanswarm/${VERSION}`,
    port: undefined,
    yourHostname: "192.0.2.1",
    requestLength: 262_144,
    requestQueueLength: 2000,
    isUploadOnly: undefined,
    isComplete: undefined,
  });
});

Deno.test("Swarm sends a peer that it dialed its listening port", () => {
  const desk = new SwarmDesk({ have: "..", listenPort: 6882 });
  assertEquals(handshakeIn(desk.join(1, OUTGOING)).port, 6882);
});

Deno.test("Swarm that is complete says upload-only in its first handshake", () => {
  const desk = new SwarmDesk({ have: "##" });
  // Two peers each have every piece between them: there is no super-seeding.
  for (
    const [key, pieces] of [[2, "#."], [3, ".#"], [4, "#."], [5, ".#"]] as const
  ) {
    desk.join(key);
    desk.bitfield(key, pieces);
  }
  assertEquals(handshakeIn(desk.join(1, EXTENDED)).isUploadOnly, true);
});

Deno.test("Swarm that super-seeds says that it is complete, and not upload-only", () => {
  const seeder = new SwarmDesk({ have: "##" });
  const { isUploadOnly, isComplete } = handshakeIn(seeder.join(1, EXTENDED));
  assertEquals([isUploadOnly, isComplete], [undefined, true]);
  const leecher = new SwarmDesk({ have: ".." });
  leecher.join(1, EXTENDED);
  assertEquals(leecher.peer(1).peer.isSeeder, false);
  say(leecher, { isComplete });
  assertEquals(leecher.peer(1).peer.isSeeder, true);
});

Deno.test("Swarm that completes sends a whole handshake with upload-only", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.source(1, "#", EXTENDED);
  desk.join(2, EXTENDED);
  desk.join(3);
  for (const name of ["0.0", "0.1"]) desk.block(1, name);
  const lines = desk.verified(0);
  assertEquals(lines.filter((line) => !line.includes("extended")), [
    "1 < have 0",
    "1 < notInterested",
    "2 < have 0",
    "3 < have 0",
    "completed",
    "1 disconnect bothComplete",
  ]);
  const { isUploadOnly, peerExchangeId } = handshakeIn(lines, 2);
  assertEquals([isUploadOnly, peerExchangeId], [true, 1]);
  assertEquals(lines.length, 7);
});

Deno.test("Swarm neither sends nor reads extended messages of a peer without the extension protocol", () => {
  const desk = new SwarmDesk({ have: "#." });
  assertEquals(desk.join(1), ["1 < bitfield 128"]);
  for (const payload of [LIBTORRENT_HANDSHAKE, latin1("no bencode")]) {
    const message = { type: "extended", id: 0, payload } as const;
    assertEquals(desk.receive(1, message), []);
  }
  assertEquals(desk.peer(1).peer.isUploadOnly, false);
});

Deno.test("Swarm reads libtorrent's handshake", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, EXTENDED);
  const payload = LIBTORRENT_HANDSHAKE;
  assertEquals(desk.receive(1, { type: "extended", id: 0, payload }), []);
  const { client, listenPort, ownHostname, isUploadOnly } = desk.peer(1)
    .peer;
  assertEquals({ client, listenPort, ownHostname, isUploadOnly }, {
    client: "libtorrent/2.0.8.0",
    listenPort: 6881,
    ownHostname: "192.0.2.7",
    isUploadOnly: true,
  });
});

Deno.test("Swarm ignores extended messages with unassigned ids", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, EXTENDED);
  for (const id of [2, 3, 255]) {
    const payload = latin1("anything");
    assertEquals(desk.receive(1, { type: "extended", id, payload }), []);
  }
});

Deno.test("Swarm disconnects a peer that sends a malformed handshake", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, EXTENDED);
  const message = { type: "extended", id: 0, payload: latin1("le") } as const;
  assertEquals(desk.receive(1, message), ["1 disconnect protocol"]);
});

Deno.test("Swarm takes the keys of a later handshake", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, EXTENDED);
  say(desk, { client: "one/1", port: 7001, isUploadOnly: true });
  say(desk, { port: 7002, isUploadOnly: false });
  const { client, listenPort, isUploadOnly } = desk.peer(1).peer;
  assertEquals([client, listenPort, isUploadOnly], ["one/1", 7001, false]);
});

Deno.test("Swarm keeps the port that it dialed, whatever the peer says", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, OUTGOING);
  say(desk, { port: 80 });
  assertEquals(desk.peer(1).peer.listenPort, 7000);
});

Deno.test("Swarm makes no more requests than the peer queues", () => {
  for (const [limit, expected] of [[3, 3], [1, 1], [2000, 8]] as const) {
    const desk = new SwarmDesk({ have: ".", blocksPerPiece: 100 });
    desk.join(1, EXTENDED);
    say(desk, { requestQueueLength: limit });
    desk.bitfield(1, "#");
    desk.signal(1, "unchoke");
    assertEquals(desk.peer(1).source.requests.size, expected);
  }
});

Deno.test("Swarm that is complete disconnects an upload-only peer, complete or not", () => {
  const desk = new SwarmDesk({ have: "##" });
  desk.join(1, EXTENDED);
  desk.bitfield(1, "#.");
  assertEquals(say(desk, { isUploadOnly: true }), [
    "1 disconnect bothComplete",
  ]);
});

Deno.test("Swarm keeps an upload-only peer while it has pieces that we lack", () => {
  const desk = new SwarmDesk({ have: "#." });
  desk.source(1, ".#", EXTENDED);
  assertEquals(say(desk, { isUploadOnly: true }), []);
  for (const name of ["1.0", "1.1"]) desk.block(1, name);
  assertEquals(desk.verified(1).at(-1), "1 disconnect bothComplete");
});

Deno.test("Swarm offers its metadata, and answers a choked peer under the peer's id", () => {
  const desk = new SwarmDesk({ have: ".", info: new Uint8Array(7) });
  const { metadataId, metadataLength } = handshakeIn(desk.join(1, EXTENDED));
  assertEquals([metadataId, metadataLength], [2, 7]);
  const ask = (text: string): string[] =>
    desk.receive(1, { type: "extended", id: 2, payload: latin1(text) });
  const request = "d8:msg_typei0e5:piecei0ee";
  const unknown = "d8:msg_typei9e5:piecei0ee";
  // It has not said under which id it takes metadata.
  assertEquals(ask(request), []);
  say(desk, { metadataId: 9 });
  assertEquals(desk.peer(1).upload.weChoke, true);
  assertEquals(ask(request), [
    "1 < extended 9: d8:msg_typei1e5:piecei0e10:total_sizei7ee and 7 bytes",
  ]);
  assertEquals(ask(unknown), []);
  say(desk, { metadataId: 0 });
  assertEquals(ask(request), []);
});

Deno.test("Swarm without metadata to serve ignores requests for it", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, EXTENDED);
  say(desk, { metadataId: 9 });
  const message = { type: "extended", id: 2, payload: latin1("x") } as const;
  assertEquals(desk.receive(1, message), []);
});
