/**
 * Hosts that open connections by the thousand, and those that name others to be
 * called: neither keeps honest peers out, nor makes us the means to harm somebody.
 *
 * @module
 */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import type { PeerAddress } from "../../lib/mod.ts";
import { encodeCompactPeers } from "../../lib/base/peer_address.ts";
import { encodeBencode } from "../../lib/bencode/encode.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import {
  EXTENSION_BITS,
  frame,
  handshake,
  peerIdOf,
  RawPeer,
} from "./raw_peer.ts";
import { addressOf, assertWhole, openLocalSession, Share } from "./share.ts";
import { ID, INTERESTED, UNCHOKE } from "./wire_scene.ts";

const MIB = 1024 * 1024;
const LONGEST_MS = 40_000;

const SAMPLE = await memoryTorrent({ name: "crowded", length: 4 * MIB });
const { infoHash, geometry } = SAMPLE.torrent;

/** Only on Linux is every address of 127.0.0.0/8 there without being set up. */
const lacksAddresses = Deno.build.os !== "linux";

/** What each of a crowd says. */
const MANNERS: readonly [what: string, said: readonly Uint8Array[]][] = [
  ["nothing", []],
  ["a hello and nothing more", [new Uint8Array(0)]],
  ["that they have everything", [
    frame(ID.bitfield, new Uint8Array(geometry.pieceCount / 8).fill(255)),
    UNCHOKE,
    INTERESTED,
  ]],
];

/** So many callers of 127.0.0.1, each with an id of its own. */
async function crowd(
  address: PeerAddress,
  options: { count: number; said: readonly Uint8Array[] },
): Promise<AsyncDisposable> {
  const peers: RawPeer[] = [];
  for (let number = 0; number < options.count; number++) {
    const peer = await RawPeer.dial(address);
    peers.push(peer);
    if (options.said.length === 0) continue;
    const id = number.toString(16).padStart(40, "a");
    await peer.write(handshake(infoHash, id), ...options.said);
  }
  return {
    [Symbol.asyncDispose]: () => {
      for (const peer of peers) peer[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

for (const [what, said] of MANNERS) {
  Deno.test({
    name:
      `a thousand callers who say ${what} do not keep a leecher from its seeder`,
    ignore: lacksAddresses,
    fn: async () => {
      const before = Deno.memoryUsage().rss;
      await using seeding = openLocalSession({ hostname: "127.0.0.2" });
      await using leeching = openLocalSession();
      await Share.start(seeding, SAMPLE, fullStorage(SAMPLE));
      const leecher = await Share.start(leeching, SAMPLE);
      await using _crowd = await crowd(addressOf(leeching), {
        count: 1_000,
        said,
      });
      leecher.transfer.addPeers([addressOf(seeding, "127.0.0.2")]);
      await leecher.first("completed", LONGEST_MS);
      await assertWhole(leecher, SAMPLE);
      assertLess(Deno.memoryUsage().rss - before, 400 * MIB);
    },
  });
}

Deno.test("a thousand callers who say hello and nothing more give way to a seeder at their own address", async () => {
  await using seeding = openLocalSession();
  await using leeching = openLocalSession();
  const seeder = await Share.start(seeding, SAMPLE, fullStorage(SAMPLE));
  const leecher = await Share.start(leeching, SAMPLE);
  await using _crowd = await crowd(addressOf(leeching), {
    count: 1_000,
    said: [new Uint8Array(0)],
  });
  assertEquals(leecher.transfer.snapshot().peers.length, 50);
  seeder.transfer.addPeers([addressOf(leeching)]);
  await leecher.first("completed", LONGEST_MS);
  await assertWhole(leecher, SAMPLE);
});

Deno.test("a leecher takes several peers at one address, as many as it may have", async () => {
  await using sessions = new AsyncDisposableStack();
  const leeching = sessions.use(openLocalSession({ maxPeers: 10 }));
  const leecher = await Share.start(leeching, SAMPLE);
  for (let count = 0; count < 9; count++) {
    const other = await Share.start(sessions.use(openLocalSession()), SAMPLE);
    other.transfer.addPeers([addressOf(leeching)]);
  }
  const seeding = sessions.use(openLocalSession());
  const seeder = await Share.start(seeding, SAMPLE, fullStorage(SAMPLE));
  seeder.transfer.addPeers([addressOf(leeching)]);
  await leecher.first("completed", LONGEST_MS);
  await assertWhole(leecher, SAMPLE);
});

/** Listens on some ports of a host and counts who calls. */
class Victim implements AsyncDisposable {
  readonly ports: readonly number[];
  callCount = 0;
  readonly #listeners: readonly Deno.TcpListener[];
  readonly #accepting: Promise<void>[];

  constructor(hostname: string, portCount: number) {
    this.#listeners = Array.from(
      { length: portCount },
      () => Deno.listen({ hostname, port: 0 }),
    );
    this.ports = this.#listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
    this.#accepting = this.#listeners.map((listener) => this.#accept(listener));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    await Promise.all(this.#accepting);
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    try {
      for (;;) {
        (await listener.accept()).close();
        this.callCount++;
      }
    } catch {
      // It was closed.
    }
  }
}

/** A message of peer exchange with these addresses, of id 1. [BEP 11] */
function exchange(addresses: readonly PeerAddress[]): Uint8Array {
  const { ipv4, ipv6 } = encodeCompactPeers(addresses);
  return frame(ID.extended, [1], encodeBencode({ added: ipv4, added6: ipv6 }));
}

/** Tells a session of others, each address by a connection of its own. */
async function gossip(
  address: PeerAddress,
  messages: readonly Uint8Array[],
): Promise<DisposableStack> {
  const gossips = new DisposableStack();
  for (const [index, message] of messages.entries()) {
    const peer = gossips.use(await RawPeer.dial(address));
    await peer.write(
      handshake(infoHash, peerIdOf(index + 1), EXTENSION_BITS),
      frame(ID.extended, [0], encodeBencode({ m: { ut_pex: 1 } })),
      message,
    );
    await peer.takeHandshake();
  }
  return gossips;
}

Deno.test({
  name:
    "thirty peers who name a host's ports have it called a few times in a second, and its own services never",
  ignore: lacksAddresses,
  fn: async () => {
    await using victim = new Victim("127.0.0.99", 900);
    await using session = openLocalSession();
    await Share.start(session, SAMPLE);
    const messages = Array.from({ length: 30 }, (_, index) =>
      exchange(
        victim.ports.slice(index * 30, index * 30 + 30)
          .map((port) => ({ hostname: "127.0.0.99", port })),
      ));
    const startedAt = performance.now();
    using _gossips = await gossip(addressOf(session), [
      ...messages,
      exchange(Array.from({ length: 50 }, (_, port) => ({
        hostname: "127.0.0.99",
        port: port + 1,
      }))),
    ]);
    await delay(4_000);
    const seconds = (performance.now() - startedAt) / 1000;
    assertGreater(victim.callCount, 0);
    // 16 at once, and four in each second.
    assertLess(victim.callCount, 17 + 4 * seconds);
  },
});

Deno.test({
  name:
    "a tracker that names a host's ports has it called no more than twenty times in a second",
  ignore: lacksAddresses,
  fn: async () => {
    await using victim = new Victim("127.0.0.99", 400);
    await using session = openLocalSession({
      announce: () =>
        Promise.resolve({
          intervalMs: 60_000,
          minIntervalMs: 30_000,
          complete: 0,
          incomplete: 0,
          warning: undefined,
          trackerId: undefined,
          peers: victim.ports.map((port) => ({ hostname: "127.0.0.99", port })),
        }),
    });
    const { torrent, content } = await memoryTorrent({
      name: "named",
      length: MIB,
      announce: ["http://127.0.0.1:9/announce"],
    });
    const startedAt = performance.now();
    await Share.start(session, { torrent, content });
    await delay(4_000);
    const seconds = (performance.now() - startedAt) / 1000;
    assertGreater(victim.callCount, 32);
    assertLess(victim.callCount, 65 + 20 * seconds);
  },
});
