/**
 * Handshakes: other protocols, another torrent, our own peer id, a second
 * connection of the same peer, one too many.
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { handshake, joined, peerIdOf, RawPeer } from "./raw_peer.ts";
import {
  acceptDial,
  assertServed,
  connect,
  INFO_HASH,
  INTERESTED,
  Scene,
} from "./wire_scene.ts";

/** Length of a handshake, in bytes. */
const HANDSHAKE_LENGTH = 68;

/** Less than the time for a handshake, and more than a busy machine takes. */
const AT_ONCE_MS = 6_000;

const STRANGERS: [what: string, opening: Uint8Array][] = [
  ["TLS", joined([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])],
  ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
  ["noise", new Uint8Array(500).fill(0xa7)],
  ["almost BitTorrent", new TextEncoder().encode("\x13BitTorrent protocoL")],
];

for (const [what, opening] of STRANGERS) {
  Deno.test(`a session closes a connection that opens with ${what} at once`, async () => {
    await using scene = await Scene.open();
    using inbound = await RawPeer.dial(scene.address);
    await inbound.write(opening);
    await inbound.closed(AT_ONCE_MS);
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    scene.share.transfer.addPeers([{
      hostname: "127.0.0.1",
      port: listener.addr.port,
    }]);
    using outbound = new RawPeer(await listener.accept());
    await outbound.write(opening);
    await outbound.closed(AT_ONCE_MS);
    await scene.assertUnharmed();
  });
}

Deno.test("a handshake may come in two parts, split at any byte, and with more messages", async () => {
  await using scene = await Scene.open();
  for (let cut = 1; cut <= HANDSHAKE_LENGTH; cut++) {
    using inbound = await RawPeer.dial(scene.address);
    const id = cut.toString(16).padStart(40, "c");
    const bytes = joined(handshake(INFO_HASH, id), INTERESTED);
    await inbound.write(bytes.subarray(0, cut));
    await delay(2);
    await inbound.write(bytes.subarray(cut));
    await inbound.takeHandshake();
    await assertServed(inbound);
  }
  await scene.assertUnharmed();
});

Deno.test("a handshake may come byte by byte, inbound and outbound", async () => {
  await using scene = await Scene.open();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  scene.share.transfer.addPeers([{ hostname: "127.0.0.1", port }]);
  using inbound = await RawPeer.dial(scene.address);
  using outbound = new RawPeer(await listener.accept());
  for (const [number, peer] of [inbound, outbound].entries()) {
    for (const byte of handshake(INFO_HASH, peerIdOf(number + 1))) {
      await peer.write([byte]);
      await delay(1);
    }
    await peer.takeHandshake();
    await assertServed(peer);
  }
  await scene.assertUnharmed();
});

Deno.test("a session closes a connection for another torrent without a word", async () => {
  await using scene = await Scene.open();
  using inbound = await RawPeer.dial(scene.address);
  await inbound.write(handshake("cd".repeat(20), peerIdOf(1)));
  assertEquals(await inbound.take(1), undefined);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  scene.share.transfer.addPeers([{
    hostname: "127.0.0.1",
    port: listener.addr.port,
  }]);
  using outbound = new RawPeer(await listener.accept());
  await outbound.write(handshake("cd".repeat(20), peerIdOf(1)));
  await outbound.closed();
  await scene.assertUnharmed();
});

Deno.test("a session closes a connection whose handshake stays incomplete", async () => {
  await using scene = await Scene.open({ handshakeTimeoutMs: 300 });
  const half = handshake(INFO_HASH, peerIdOf(1)).subarray(0, 67);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using mute = await RawPeer.dial(scene.address);
  using inbound = await RawPeer.dial(scene.address);
  await inbound.write(half);
  scene.share.transfer.addPeers([{
    hostname: "127.0.0.1",
    port: listener.addr.port,
  }]);
  using outbound = new RawPeer(await listener.accept());
  await outbound.write(half);
  for (const peer of [mute, inbound, outbound]) await peer.closed(AT_ONCE_MS);
  await scene.assertUnharmed();
});

Deno.test("a thousand silent connections keep no peer out, even at their own address", async () => {
  await using scene = await Scene.open();
  const crowd: RawPeer[] = [];
  for (let count = 0; count < 1_000; count++) {
    crowd.push(await RawPeer.dial(scene.address));
  }
  // The oldest was closed for another; some are still open.
  await crowd[0]!.closed(AT_ONCE_MS);
  // Their address has used up its burst of connections.
  await delay(500);
  using next = await connect(scene.session, 1);
  await assertServed(next);
  await scene.assertUnharmed();
  for (const peer of crowd) peer[Symbol.dispose]();
});

Deno.test("a session that dials itself closes the connection", async () => {
  await using scene = await Scene.open();
  scene.share.transfer.addPeers([scene.address]);
  await delay(300);
  assertEquals(scene.share.transfer.snapshot().peers.length, 1);
  await scene.assertUnharmed();
});

Deno.test("a session closes a connection with its own peer id and does not dial the address again", async () => {
  await using scene = await Scene.open();
  const own = handshake(INFO_HASH, scene.session.peerId);
  using inbound = await RawPeer.dial(scene.address);
  await inbound.write(own);
  await inbound.closed();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const itself = [{ hostname: "127.0.0.1", port }];
  scene.share.transfer.addPeers(itself);
  using outbound = new RawPeer(await listener.accept());
  await outbound.write(own);
  await outbound.closed();
  // A lost connection would be dialed again within four seconds.
  let dialCount = 0;
  const again = listener.accept().then(
    (connection) => {
      dialCount++;
      connection.close();
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
  assertEquals(dialCount, 0);
  await scene.assertUnharmed();
});

Deno.test("a session keeps the first of two inbound connections of one peer", async () => {
  await using scene = await Scene.open();
  using first = await connect(scene.session, 1);
  using second = await RawPeer.dial(scene.address);
  await second.write(handshake(INFO_HASH, peerIdOf(1)));
  await second.closed();
  await assertServed(first);
  await scene.assertUnharmed();
});

Deno.test("of an inbound and an outbound connection, the one that the greater id dialed stays", async () => {
  await using scene = await Scene.open();
  // A session's peer id begins with "-", 0x2d.
  for (
    const [idByte, staysOurs] of [[0x01, false], [0xee - 1, true]] as const
  ) {
    using ours = await connect(scene.session, idByte);
    using theirs = await acceptDial(scene, idByte);
    const [kept, dropped] = staysOurs ? [ours, theirs] : [theirs, ours];
    await dropped.closed();
    await assertServed(kept);
  }
  await scene.assertUnharmed();
});

Deno.test("a session accepts maxPeers peers, and another when one leaves", async () => {
  await using scene = await Scene.open({ maxPeers: 2 });
  {
    using _second = await connect(scene.session, 1);
    using third = await RawPeer.dial(scene.address);
    await third.write(handshake(INFO_HASH, peerIdOf(2)));
    await third.closed();
    await scene.assertUnharmed();
  }
  while (scene.share.transfer.snapshot().peers.length > 1) await delay(5);
  using fourth = await connect(scene.session, 3);
  await assertServed(fourth);
});
