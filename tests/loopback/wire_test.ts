/**
 * What a session does about what is said to it, played by hand from plain sockets:
 * what no row of `wire_rows.ts` tells.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { frame, uint32 } from "./raw_peer.ts";
import {
  assertServed,
  beCalled,
  BLOCK,
  greet,
  ID,
  INTERESTED,
  KIB,
  Scene,
} from "./wire_scene.ts";

/** Some ways to misbehave that end the connection. */
const FATAL: readonly [what: string, bytes: Uint8Array][] = [
  ["a length over the limit", uint32(1024 * KIB + 1)],
  ["a bitfield with a spare bit set", frame(ID.bitfield, [0x80, 0x20])],
  ["a request past the end", frame(ID.request, uint32(9, 0, 20_001))],
];

for (const [what, bytes] of FATAL) {
  Deno.test(`a connection that ends on ${what} harms no other`, async () => {
    await using scene = await Scene.open();
    using beside = await greet(scene.session, 1);
    using caller = await greet(scene.session, 2);
    using called = await beCalled(scene, 3);
    for (const peer of [caller, called]) {
      await peer.write(bytes);
      await peer.closed();
      await scene.assertUnharmed();
    }
    await assertServed(beside);
  });
}

Deno.test("a connection ends on more requests than may be queued", async () => {
  await using scene = await Scene.open();
  using peer = await greet(scene.session, 1);
  // 2000 may wait, and what sockets take is on its way.
  const requests = Array.from(
    { length: 5_000 },
    () => frame(ID.request, uint32(0, 0, BLOCK)),
  );
  await peer.write(INTERESTED, ...requests);
  await peer.closed();
  await scene.assertUnharmed();
});

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
