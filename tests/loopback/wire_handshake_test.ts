/**
 * Who gets through a session's door: strangers, the torrent of somebody else, the
 * session itself, a peer that is there already, one too many.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { handshake, joined, peerIdOf, RawPeer } from "./raw_peer.ts";
import {
  assertServed,
  beCalled,
  greet,
  INFO_HASH,
  INTERESTED,
  Scene,
} from "./wire_scene.ts";

/** Length of a handshake, in bytes. */
const HELLO_LENGTH = 68;

const STRANGERS: [what: string, opening: Uint8Array][] = [
  ["TLS", joined([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])],
  ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
  ["noise", new Uint8Array(500).fill(0xa7)],
  ["almost BitTorrent", new TextEncoder().encode("\x13BitTorrent protocoL")],
];

for (const [what, opening] of STRANGERS) {
  Deno.test(`a session hangs up at once on who opens with ${what}`, async () => {
    await using scene = await Scene.open();
    using caller = await RawPeer.dial(scene.address);
    await caller.write(opening);
    await caller.closed(1_000);
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    scene.share.transfer.addPeers([{
      hostname: "127.0.0.1",
      port: listener.addr.port,
    }]);
    using called = new RawPeer(await listener.accept());
    await called.write(opening);
    await called.closed(1_000);
    await scene.assertUnharmed();
  });
}

Deno.test("a handshake may come in two parts, wherever it is cut, and with all that follows", async () => {
  await using scene = await Scene.open();
  for (let cut = 1; cut <= HELLO_LENGTH; cut++) {
    using caller = await RawPeer.dial(scene.address);
    const id = cut.toString(16).padStart(40, "c");
    const said = joined(handshake(INFO_HASH, id), INTERESTED);
    await caller.write(said.subarray(0, cut));
    await delay(2);
    await caller.write(said.subarray(cut));
    await caller.takeHandshake();
    await assertServed(caller);
  }
  await scene.assertUnharmed();
});

Deno.test("a handshake may come byte by byte, from a caller and from who is called", async () => {
  await using scene = await Scene.open();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  scene.share.transfer.addPeers([{ hostname: "127.0.0.1", port }]);
  using caller = await RawPeer.dial(scene.address);
  using called = new RawPeer(await listener.accept());
  for (const [number, peer] of [caller, called].entries()) {
    for (const byte of handshake(INFO_HASH, peerIdOf(number + 1))) {
      await peer.write([byte]);
      await delay(1);
    }
    await peer.takeHandshake();
    await assertServed(peer);
  }
  await scene.assertUnharmed();
});

Deno.test("a session hangs up without a word on who asks for another torrent", async () => {
  await using scene = await Scene.open();
  using caller = await RawPeer.dial(scene.address);
  await caller.write(handshake("cd".repeat(20), peerIdOf(1)));
  assertEquals(await caller.take(1), undefined);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  scene.share.transfer.addPeers([{
    hostname: "127.0.0.1",
    port: listener.addr.port,
  }]);
  using called = new RawPeer(await listener.accept());
  await called.write(handshake("cd".repeat(20), peerIdOf(1)));
  await called.closed();
  await scene.assertUnharmed();
});

Deno.test("a session hangs up on who says half a hello and then nothing", async () => {
  await using scene = await Scene.open({ handshakeTimeoutMs: 300 });
  const half = handshake(INFO_HASH, peerIdOf(1)).subarray(0, 67);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using mute = await RawPeer.dial(scene.address);
  using caller = await RawPeer.dial(scene.address);
  await caller.write(half);
  scene.share.transfer.addPeers([{
    hostname: "127.0.0.1",
    port: listener.addr.port,
  }]);
  using called = new RawPeer(await listener.accept());
  await called.write(half);
  for (const peer of [mute, caller, called]) await peer.closed(1_500);
  await scene.assertUnharmed();
});

Deno.test("a thousand callers who say nothing keep nobody out, at their own address either", async () => {
  await using scene = await Scene.open();
  const crowd: RawPeer[] = [];
  for (let count = 0; count < 1_000; count++) {
    crowd.push(await RawPeer.dial(scene.address));
  }
  // Who has waited longest has made room; some may wait on.
  await crowd[0]!.closed(1_000);
  // Their address has called more often than is listened to at once.
  await delay(500);
  using next = await greet(scene.session, 1);
  await assertServed(next);
  await scene.assertUnharmed();
  for (const peer of crowd) peer[Symbol.dispose]();
});

Deno.test("a session that dials itself finds out and leaves it", async () => {
  await using scene = await Scene.open();
  scene.share.transfer.addPeers([scene.address]);
  await delay(300);
  assertEquals(scene.share.transfer.snapshot().peers.length, 1);
  await scene.assertUnharmed();
});

Deno.test("a session leaves who has its own id and does not dial it again", async () => {
  await using scene = await Scene.open();
  const own = handshake(INFO_HASH, scene.session.peerId);
  using caller = await RawPeer.dial(scene.address);
  await caller.write(own);
  await caller.closed();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const itself = [{ hostname: "127.0.0.1", port }];
  scene.share.transfer.addPeers(itself);
  using called = new RawPeer(await listener.accept());
  await called.write(own);
  await called.closed();
  // A connection that was lost would be tried again within four seconds.
  let callCount = 0;
  const again = listener.accept().then(
    (call) => {
      callCount++;
      call.close();
    },
    // The listener is closed below.
    () => {},
  );
  for (let waited = 0; waited < 4_000; waited += 500) {
    await delay(500);
    scene.share.transfer.addPeers(itself);
  }
  listener.close();
  await again;
  assertEquals(callCount, 0);
  await scene.assertUnharmed();
});

Deno.test("a session keeps the first of two calls of one peer", async () => {
  await using scene = await Scene.open();
  using first = await greet(scene.session, 1);
  using second = await RawPeer.dial(scene.address);
  await second.write(handshake(INFO_HASH, peerIdOf(1)));
  await second.closed();
  await assertServed(first);
  await scene.assertUnharmed();
});

Deno.test("of a call each way, the one that the greater id dialed stays", async () => {
  await using scene = await Scene.open();
  // A session's id begins with "-", which is 2d.
  for (
    const [idByte, staysOurs] of [[0x01, false], [0xee - 1, true]] as const
  ) {
    using ours = await greet(scene.session, idByte);
    using theirs = await beCalled(scene, idByte);
    const [kept, dropped] = staysOurs ? [ours, theirs] : [theirs, ours];
    await dropped.closed();
    await assertServed(kept);
  }
  await scene.assertUnharmed();
});

Deno.test("a session takes as many peers as it is told, and another when one leaves", async () => {
  await using scene = await Scene.open({ maxPeers: 2 });
  {
    using _second = await greet(scene.session, 1);
    using third = await RawPeer.dial(scene.address);
    await third.write(handshake(INFO_HASH, peerIdOf(2)));
    await third.closed();
    await scene.assertUnharmed();
  }
  while (scene.share.transfer.snapshot().peers.length > 1) await delay(5);
  using fourth = await greet(scene.session, 3);
  await assertServed(fourth);
});
