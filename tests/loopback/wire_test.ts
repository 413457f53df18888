/**
 * What a session does about each message, right and wrong: played by hand from
 * plain sockets, by a peer that called and by one that was called.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { frame, joined, uint32 } from "./raw_peer.ts";
import {
  assertServed,
  beCalled,
  BLOCK,
  greet,
  ID,
  INTERESTED,
  KEEP_ALIVE,
  KIB,
  PIECE,
  Scene,
} from "./wire_scene.ts";

/** Ways to misbehave that end the connection, after a handshake. */
const FATAL: [what: string, bytes: Uint8Array][] = [
  ["a length just over the limit", uint32(1024 * KIB + 1)],
  ["a length that is negative to some", uint32(0x8000_0000)],
  ["the greatest length", uint32(0xffff_ffff)],
  ["a choke with a payload", frame(ID.choke, [0])],
  ["a have of three bytes", frame(ID.have, [0, 0, 1])],
  ["a have of a piece behind the last", frame(ID.have, uint32(10))],
  ["a have of the greatest index", frame(ID.have, uint32(0xffff_ffff))],
  ["a bitfield too short", frame(ID.bitfield, [0x80])],
  ["a bitfield too long", frame(ID.bitfield, [0x80, 0, 0])],
  ["a bitfield with a spare bit set", frame(ID.bitfield, [0x80, 0x20])],
  [
    "a request for a piece behind the last",
    frame(ID.request, uint32(10, 0, 1)),
  ],
  ["a request of no bytes", frame(ID.request, uint32(0, 0, 0))],
  [
    "a request over 128 KiB",
    frame(ID.request, uint32(0, 0, 128 * KIB + 1)),
  ],
  [
    "a request past the end of its piece",
    frame(ID.request, uint32(0, PIECE - 1, 2)),
  ],
  [
    "a request past the end of the torrent",
    frame(ID.request, uint32(9, 0, 20_001)),
  ],
  [
    "a request whose end wraps around",
    frame(ID.request, uint32(0, 0xffff_ffff, 2)),
  ],
];

/** What is passed over, after a handshake. */
const HARMLESS: [what: string, bytes: Uint8Array][] = [
  ["a request while choked", frame(ID.request, uint32(0, 0, BLOCK))],
  [
    "a request for a piece that it does not have",
    joined(INTERESTED, frame(ID.request, uint32(7, 0, BLOCK))),
  ],
  [
    "a block not asked for",
    frame(ID.piece, uint32(7, 0), new Uint8Array(BLOCK)),
  ],
  ["a block of a piece behind the last", frame(ID.piece, uint32(10, 0), [1])],
  ["a block of no bytes off the grid", frame(ID.piece, uint32(7, 1))],
  [
    "a cancel of what was never asked",
    frame(ID.cancel, uint32(0, 0, BLOCK)),
  ],
  ["a cancel of nonsense", frame(ID.cancel, uint32(99, 99, 0))],
  [
    "ids that it does not know",
    joined(frame(9, [1, 2]), frame(21), frame(255, new Uint8Array(1000))),
  ],
  ["keep-alives", joined(KEEP_ALIVE, KEEP_ALIVE)],
  [
    "the same thing twice",
    joined(
      frame(ID.choke),
      frame(ID.choke),
      frame(ID.have, uint32(3)),
      frame(ID.have, uint32(3)),
    ),
  ],
  ["an empty bitfield", frame(ID.bitfield, [0, 0])],
  [
    "a second bitfield",
    joined(frame(ID.bitfield, [0x80, 0]), frame(ID.bitfield, [0x80, 0])),
  ],
  [
    "a bitfield after a have",
    joined(frame(ID.have, uint32(1)), frame(ID.bitfield, [0x80, 0])),
  ],
];

for (const [what, bytes] of FATAL) {
  Deno.test(`a connection ends on ${what}`, async () => {
    await using scene = await Scene.open();
    for (const open of [greet, undefined]) {
      using peer = open === undefined
        ? await beCalled(scene, 1)
        : await open(scene.session, 1);
      await peer.write(bytes);
      await peer.closed();
      await scene.assertUnharmed();
    }
  });
}

for (const [what, bytes] of HARMLESS) {
  Deno.test(`a connection passes over ${what}`, async () => {
    await using scene = await Scene.open();
    {
      using caller = await greet(scene.session, 1);
      await caller.write(bytes);
      await assertServed(caller);
      await scene.assertUnharmed();
    }
    using called = await beCalled(scene, 2);
    await called.write(bytes);
    await assertServed(called);
  });
}

Deno.test("a session says what it has and unchokes who is interested", async () => {
  await using scene = await Scene.open();
  using peer = await greet(scene.session, 1);
  await peer.write(INTERESTED);
  assertEquals(await peer.takeFrame(), {
    id: ID.bitfield,
    payload: new Uint8Array([0b1111_1000, 0]),
  });
  assertEquals((await peer.takeFrame())?.id, ID.unchoke);
});

Deno.test("a session minds no extension that is offered", async () => {
  await using scene = await Scene.open();
  using peer = await greet(scene.session, 1, Array(8).fill(0xff));
  await assertServed(peer);
});
