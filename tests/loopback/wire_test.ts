/**
 * The behaviour of a session towards plain sockets that is in no row of
 * `wire_rows.ts`.
 */
import { assertEquals } from "@std/assert";
import { frame, uint32 } from "./raw_peer.ts";
import {
  acceptDial,
  assertServed,
  BLOCK,
  connect,
  ID,
  INTERESTED,
  KIB,
  Scene,
} from "./wire_scene.ts";

/** Breaches of the protocol. */
const FATAL: readonly [what: string, bytes: Uint8Array][] = [
  ["a length over the limit", uint32(1024 * KIB + 1)],
  ["a bitfield with a spare bit set", frame(ID.bitfield, [0x80, 0x20])],
  ["a request past the end", frame(ID.request, uint32(9, 0, 20_001))],
];

for (const [what, bytes] of FATAL) {
  Deno.test(`a connection that is closed for ${what} harms no other`, async () => {
    await using scene = await Scene.open();
    using beside = await connect(scene.session, 1);
    using inbound = await connect(scene.session, 2);
    using outbound = await acceptDial(scene, 3);
    for (const peer of [inbound, outbound]) {
      await peer.write(bytes);
      await peer.closed();
      await scene.assertUnharmed();
    }
    await assertServed(beside);
  });
}

Deno.test("a session closes a connection with too many requests", async () => {
  await using scene = await Scene.open();
  using peer = await connect(scene.session, 1);
  // 2000 may wait; the sockets hold some more.
  const requests = Array.from(
    { length: 5_000 },
    () => frame(ID.request, uint32(0, 0, BLOCK)),
  );
  await peer.write(INTERESTED, ...requests);
  await peer.closed();
  await scene.assertUnharmed();
});

Deno.test("a session sends its bitfield and unchokes an interested peer", async () => {
  await using scene = await Scene.open();
  using peer = await connect(scene.session, 1);
  await peer.write(INTERESTED);
  assertEquals(await peer.takeFrame(), {
    id: ID.bitfield,
    payload: new Uint8Array([0b1111_1000, 0]),
  });
  assertEquals((await peer.takeFrame())?.id, ID.unchoke);
});

Deno.test("a session ignores unknown reserved bits", async () => {
  await using scene = await Scene.open();
  using peer = await connect(scene.session, 1, Array(8).fill(0xff));
  await assertServed(peer);
});
