/**
 * What peers say of themselves by the extension protocol. [BEP 10, 21]
 *
 * @module
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

/** What one line says that greets a peer by the extension protocol. */
function handshakeIn(lines: readonly string[], peer = 1): ExtendedHandshake {
  const start = `${peer} < extended 0: `;
  const line = lines.find((line) => line.startsWith(start));
  return parseExtendedHandshake(latin1(line?.slice(start.length) ?? ""));
}

/** A peer says this of itself. */
function say(
  desk: SwarmDesk,
  handshake: Partial<ExtendedHandshake>,
  peer = 1,
): string[] {
  const silence = parseExtendedHandshake(latin1("de"));
  return desk.receive(peer, {
    type: "extended",
    id: 0,
    payload: encodeExtendedHandshake({ ...silence, ...handshake }),
  });
}

Deno.test("Swarm tells who called it what it takes, and how it sees the caller", () => {
  const desk = new SwarmDesk({ have: ".." });
  assertEquals(handshakeIn(desk.join(1, EXTENDED)), {
    peerExchangeId: 1,
    client: `lanswarm/${VERSION}`,
    port: undefined,
    yourHostname: "192.0.2.1",
    requestQueueLength: 2000,
    isUploadOnly: undefined,
    isComplete: undefined,
  });
});

Deno.test("Swarm tells who it called where it listens", () => {
  const desk = new SwarmDesk({ have: "..", listenPort: 6882 });
  assertEquals(handshakeIn(desk.join(1, OUTGOING)).port, 6882);
});

Deno.test("Swarm tells from the start that it wants nothing, where that is so", () => {
  const desk = new SwarmDesk({ have: "##" });
  // Others have every piece between them, so that nothing is held back.
  desk.join(2);
  desk.bitfield(2, "#.");
  desk.join(3);
  desk.bitfield(3, ".#");
  assertEquals(handshakeIn(desk.join(1, EXTENDED)).isUploadOnly, true);
});

Deno.test("Swarm that shows its pieces one by one tells that it wants nothing only to its own kind", () => {
  const seeder = new SwarmDesk({ have: "##" });
  const { isUploadOnly, isComplete } = handshakeIn(seeder.join(1, EXTENDED));
  assertEquals([isUploadOnly, isComplete], [undefined, true]);
  const leecher = new SwarmDesk({ have: ".." });
  leecher.join(1, EXTENDED);
  assertEquals(leecher.peer(1).source.isSeeder, false);
  say(leecher, { isComplete });
  assertEquals(leecher.peer(1).source.isSeeder, true);
});

Deno.test("Swarm tells who stays that it wants nothing any more, in a whole handshake", () => {
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

Deno.test("Swarm says nothing by the extension protocol to who does not speak it, and hears nothing of it", () => {
  const desk = new SwarmDesk({ have: "#." });
  assertEquals(desk.join(1), ["1 < bitfield 128"]);
  for (const payload of [LIBTORRENT_HANDSHAKE, latin1("no bencode")]) {
    const message = { type: "extended", id: 0, payload } as const;
    assertEquals(desk.receive(1, message), []);
  }
  assertEquals(desk.peer(1).profile.isUploadOnly, false);
});

Deno.test("Swarm takes what libtorrent says of itself", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, EXTENDED);
  const payload = LIBTORRENT_HANDSHAKE;
  assertEquals(desk.receive(1, { type: "extended", id: 0, payload }), []);
  const { client, listenPort, ownHostname, isUploadOnly } = desk.peer(1)
    .profile;
  assertEquals({ client, listenPort, ownHostname, isUploadOnly }, {
    client: "libtorrent/2.0.8.0",
    listenPort: 6881,
    ownHostname: "192.0.2.7",
    isUploadOnly: true,
  });
});

Deno.test("Swarm passes over extended messages with ids that it gave to nothing", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, EXTENDED);
  for (const id of [2, 3, 255]) {
    const payload = latin1("anything");
    assertEquals(desk.receive(1, { type: "extended", id, payload }), []);
  }
});

Deno.test("Swarm disconnects who sends a handshake that is none", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, EXTENDED);
  const message = { type: "extended", id: 0, payload: latin1("le") } as const;
  assertEquals(desk.receive(1, message), ["1 disconnect protocol"]);
});

Deno.test("Swarm believes a later handshake, as far as it goes", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, EXTENDED);
  say(desk, { client: "one/1", port: 7001, isUploadOnly: true });
  say(desk, { port: 7002, isUploadOnly: false });
  const { client, listenPort, isUploadOnly } = desk.peer(1).profile;
  assertEquals([client, listenPort, isUploadOnly], ["one/1", 7001, false]);
});

Deno.test("Swarm knows better where it dialed a peer than the peer says", () => {
  const desk = new SwarmDesk({ have: "." });
  desk.join(1, OUTGOING);
  say(desk, { port: 80 });
  assertEquals(desk.peer(1).profile.listenPort, 7000);
});

Deno.test("Swarm has no more on order than the peer keeps", () => {
  for (const [limit, expected] of [[3, 3], [1, 1], [2000, 8]] as const) {
    const desk = new SwarmDesk({ have: ".", blocksPerPiece: 100 });
    desk.join(1, EXTENDED);
    say(desk, { requestQueueLength: limit });
    desk.bitfield(1, "#");
    desk.signal(1, "unchoke");
    assertEquals(desk.peer(1).source.requests.size, expected);
  }
});

Deno.test("Swarm that has everything leaves who wants nothing, complete or not", () => {
  const desk = new SwarmDesk({ have: "##" });
  desk.join(1, EXTENDED);
  desk.bitfield(1, "#.");
  assertEquals(say(desk, { isUploadOnly: true }), [
    "1 disconnect bothComplete",
  ]);
});

Deno.test("Swarm keeps who wants nothing while it may give something, and leaves it then", () => {
  const desk = new SwarmDesk({ have: "#." });
  desk.source(1, ".#", EXTENDED);
  assertEquals(say(desk, { isUploadOnly: true }), []);
  for (const name of ["1.0", "1.1"]) desk.block(1, name);
  assertEquals(desk.verified(1).at(-1), "1 disconnect bothComplete");
});
