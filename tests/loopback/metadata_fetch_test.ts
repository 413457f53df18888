/**
 * Magnet links: sessions that fetch a torrent's metadata from peers of the library
 * and from peers on plain sockets that lie. [BEP 9]
 */
import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  FetchError,
  formatMagnetLink,
  type MagnetLink,
  magnetLinkOf,
  MetainfoError,
  parseMagnetLink,
  type PeerAddress,
  type Session,
  sha1,
  startTracker,
  type Torrent,
} from "../../lib/mod.ts";
import { infoHashFromBytes } from "../../lib/base/identifier.ts";
import { latin1 } from "../core/bencode/bytes.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import {
  EXTENSION_BITS,
  frame,
  handshake,
  joined,
  peerIdOf,
  RawPeer,
} from "./raw_peer.ts";
import { addressOf, assertWhole, openLocalSession, Share } from "./share.ts";

const EXTENDED = 20;
/** The id that our sessions give to metadata. */
const OWN_ID = 2;

/** Metadata of four pieces. */
const SAMPLE = await memoryTorrent({
  name: "images",
  length: 3_000 * 1_024,
  pieceLength: 1_024,
});
const { info, infoHash } = SAMPLE.torrent;

function linkTo(...peers: PeerAddress[]): MagnetLink {
  return { infoHash, name: "images", trackers: [], peers };
}

async function startSeeder(session: Session): Promise<PeerAddress> {
  await Share.start(session, SAMPLE, fullStorage(SAMPLE));
  return addressOf(session);
}

/** The payload of the answer to a request, if there is one. */
type Answer = (piece: number) => Uint8Array | undefined;

/** A peer on a plain socket that offers metadata under the id 7. */
class RawOwner implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #answer: Answer;
  readonly #size: number;
  readonly #infoHash: Torrent["infoHash"];
  /** The pieces that were requested. */
  readonly requested: number[] = [];

  constructor(size: number, answer: Answer, ofTorrent = infoHash) {
    this.#infoHash = ofTorrent;
    this.#size = size;
    this.#answer = answer;
    void this.#accept();
  }

  get address(): PeerAddress {
    const { hostname, port } = this.#listener.addr as Deno.NetAddr;
    return { hostname, port };
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    // Closed at the end of the test.
    for await (const connection of this.#listener) {
      await this.#serve(new RawPeer(connection, 60_000));
    }
  }

  async #serve(connection: RawPeer): Promise<void> {
    using peer = connection;
    await peer.takeHandshake();
    const hello = `d1:md11:ut_metadatai7ee13:metadata_sizei${this.#size}ee`;
    await peer.write(
      handshake(this.#infoHash, peerIdOf(9), EXTENSION_BITS),
      frame(EXTENDED, [0], latin1(hello)),
    );
    for (;;) {
      const payload = await peer.takeFrameOf(EXTENDED);
      if (payload === undefined) return;
      if (payload[0] !== 7) continue;
      const text = new TextDecoder().decode(payload.subarray(1));
      const piece = Number(/5:piecei(\d+)e/.exec(text)?.[1]);
      this.requested.push(piece);
      const answer = this.#answer(piece);
      if (answer !== undefined) {
        await peer.write(frame(EXTENDED, [OWN_ID], answer));
      }
    }
  }
}

/** The payload of a `data` message. */
function data(piece: number, bytes: Uint8Array, size: number): Uint8Array {
  const header = `d8:msg_typei1e5:piecei${piece}e10:total_sizei${size}ee`;
  return joined(latin1(header), bytes);
}

function pieceOf(bytes: Uint8Array, piece: number): Uint8Array {
  return bytes.subarray(piece * 16_384, (piece + 1) * 16_384);
}

Deno.test("a session fetches a torrent by its magnet link through the tracker, and then its content", async () => {
  await using tracker = await startTracker({ port: 0, hostname: "127.0.0.1" });
  const sample = await memoryTorrent({
    length: 100_000,
    announce: [tracker.announceUrl],
  });
  await using seeder = openLocalSession();
  const share = await Share.start(seeder, sample, fullStorage(sample));
  await share.first("announced");
  await using session = openLocalSession();
  const link = parseMagnetLink(magnetLinkOf(sample.torrent)!);
  const torrent = await session.fetchMetadata(link);
  assertEquals(
    { ...torrent, createdBy: undefined, creationDate: undefined },
    { ...sample.torrent, createdBy: undefined, creationDate: undefined },
  );
  const leecher = await Share.start(session, { ...sample, torrent });
  await leecher.first("completed");
  await assertWhole(leecher, sample);
});

Deno.test("a session remembers the peers that sent metadata: a link without a tracker is enough", async () => {
  await using seeder = openLocalSession();
  await using session = openLocalSession();
  const link = linkTo(await startSeeder(seeder));
  const text = formatMagnetLink(link);
  const torrent = await session.fetchMetadata(parseMagnetLink(text));
  assertEquals(torrent.info, info);
  assertEquals(torrent.announce, []);
  const leecher = await Share.start(session, { ...SAMPLE, torrent });
  await leecher.first("completed");
});

Deno.test("forty peers with a magnet link fetch metadata from one seeder and one another", async () => {
  await using tracker = await startTracker({ port: 0, hostname: "127.0.0.1" });
  await using stack = new AsyncDisposableStack();
  const link = { ...linkTo(), trackers: [tracker.announceUrl] };
  const fetching = Array.from({ length: 40 }, () => {
    const session = stack.use(openLocalSession());
    return session.fetchMetadata(link, { timeoutMs: 300_000 });
  });
  await delay(1_000);
  const torrent = { ...SAMPLE.torrent, announce: [[tracker.announceUrl]] };
  const seeder = stack.use(openLocalSession());
  await Share.start(seeder, { ...SAMPLE, torrent }, fullStorage(SAMPLE));
  for (const fetched of await Promise.all(fetching)) {
    assertEquals(fetched.infoHash, infoHash);
  }
});

Deno.test("a session that fetches learns of peers by peer exchange", async () => {
  await using seeder = openLocalSession();
  const hidden = await startSeeder(seeder);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const added = [127, 0, 0, 1, hidden.port >> 8, hidden.port & 255];
  const exchange = "d5:added6:" + String.fromCharCode(...added) +
    "7:added.f1:\x10e";
  const gossip = (async () => {
    using peer = new RawPeer(await listener.accept(), 60_000);
    await peer.takeHandshake();
    await peer.write(
      handshake(infoHash, peerIdOf(9), EXTENSION_BITS),
      frame(EXTENDED, [0], latin1("d1:md6:ut_pexi1eee")),
      frame(EXTENDED, [1], latin1(exchange)),
    );
    await peer.closed(60_000);
  })();
  await using session = openLocalSession();
  const torrent = await session.fetchMetadata(
    linkTo({ hostname: "127.0.0.1", port }),
  );
  assertEquals(torrent.infoHash, infoHash);
  await gossip;
});

Deno.test("a session fetches metadata beside a silent peer, a liar on size and one on content", async () => {
  using silent = new RawOwner(info.length, () => undefined);
  const long = info.length + 40_000;
  using liar = new RawOwner(
    long,
    (piece) => data(piece, new Uint8Array(16_384), long),
  );
  using forger = new RawOwner(
    info.length,
    (piece) =>
      data(piece, pieceOf(info, piece).map((byte) => byte ^ 1), info.length),
  );
  await using seeder = openLocalSession();
  await using session = openLocalSession();
  const peers = [silent.address, liar.address, forger.address];
  const torrent = await session.fetchMetadata(
    linkTo(...peers, await startSeeder(seeder)),
    { timeoutMs: 120_000 },
  );
  assertEquals(torrent.info, info);
});

Deno.test("a session ignores metadata of no bytes and of more than 32 MiB", async () => {
  using empty = new RawOwner(0, () => undefined);
  using endless = new RawOwner(32 * 1024 * 1024 + 1, () => undefined);
  await using session = openLocalSession();
  await assertRejects(
    () =>
      session.fetchMetadata(linkTo(empty.address, endless.address), {
        timeoutMs: 6_000,
      }),
    FetchError,
    'Cannot fetch "images": no peer sent the torrent\'s metadata within 6 s: none of the 2 connected has it yet',
  );
  assertEquals([empty.requested, endless.requested], [[], []]);
});

Deno.test("a session bans a host that sends wrong metadata twice, and says so", async () => {
  using forger = new RawOwner(
    100,
    (piece) => data(piece, new Uint8Array(100), 100),
  );
  await using session = openLocalSession();
  const types: string[] = [];
  await assertRejects(
    () =>
      session.fetchMetadata(linkTo(forger.address), {
        timeoutMs: 8_000,
        onEvent: ({ type }) => types.push(type),
      }),
    FetchError,
    "within 8 s: what peers sent was not the torrent's",
  );
  assertEquals(types, [
    "peerConnected",
    "metadataMismatched",
    "metadataMismatched",
    "metadataPeerBanned",
  ]);
  assertEquals(forger.requested, [0, 0]);
});

Deno.test("a session names the peer that has metadata and does not send it", async () => {
  const reject = (piece: number): Uint8Array =>
    latin1(`d8:msg_typei2e5:piecei${piece}ee`);
  using owner = new RawOwner(info.length, reject);
  await using session = openLocalSession();
  await assertRejects(
    () => session.fetchMetadata(linkTo(owner.address), { timeoutMs: 4_500 }),
    FetchError,
    "within 4.5 s: those that have it do not send it",
  );
  // Then the peer rests.
  assertEquals(owner.requested, [0]);
});

Deno.test("a session rejects requests for metadata while it has none", async () => {
  await using session = openLocalSession();
  const controller = new AbortController();
  const { signal } = controller;
  const fetching = session.fetchMetadata(linkTo(), { signal });
  const isAborted = assertRejects(() => fetching, DOMException);
  using peer = await RawPeer.dial(addressOf(session));
  await peer.write(
    handshake(infoHash, peerIdOf(1), EXTENSION_BITS),
    frame(EXTENDED, [0], latin1("d1:md11:ut_metadatai7eee")),
    frame(EXTENDED, [OWN_ID], latin1("d8:msg_typei0e5:piecei3ee")),
  );
  await peer.takeHandshake();
  for (;;) {
    const payload = (await peer.takeFrameOf(EXTENDED))!;
    if (payload[0] !== 7) continue;
    assertEquals(payload.subarray(1), latin1("d8:msg_typei2e5:piecei3ee"));
    break;
  }
  controller.abort();
  await isAborted;
});

Deno.test("a session fetches each torrent once, and returns one that it shares", async () => {
  await using session = openLocalSession();
  const controller = new AbortController();
  const { signal } = controller;
  const first = session.fetchMetadata(linkTo(), { signal });
  await assertRejects(
    () => session.fetchMetadata(linkTo()),
    TypeError,
    `${infoHash} is fetched already`,
  );
  controller.abort(new Error("enough"));
  await assertRejects(() => first, Error, "enough");
  await startSeeder(session);
  assertEquals(await session.fetchMetadata(linkTo()), SAMPLE.torrent);
});

Deno.test("a session that is closed ends the fetching", async () => {
  const session = openLocalSession();
  const fetching = assertRejects(
    () => session.fetchMetadata(linkTo()),
    DOMException,
  );
  await session[Symbol.asyncDispose]();
  await fetching;
});

Deno.test("a session refuses metadata that has the info hash and is not one valid dictionary", async () => {
  const short = latin1("d6:lengthi0e4:name1:a12:piece lengthi1e6:pieces0:e");
  const cases: [bytes: Uint8Array, reason: string][] = [
    [latin1("i1e"), "metadata: info: is not a dictionary"],
    [joined(short, latin1("1:xi1e")), "metadata: info: is not one dictionary"],
    [
      latin1("d6:lengthi0e4:name2:..12:piece lengthi1e6:pieces0:e"),
      'metadata: info.name: ".."',
    ],
  ];
  for (const [bytes, reason] of cases) {
    const infoHash = infoHashFromBytes(sha1(bytes));
    const answer = (piece: number): Uint8Array =>
      data(piece, bytes, bytes.length);
    using owner = new RawOwner(bytes.length, answer, infoHash);
    await using session = openLocalSession();
    await assertRejects(
      () =>
        session.fetchMetadata({ ...linkTo(owner.address), infoHash }, {
          timeoutMs: 120_000,
        }),
      MetainfoError,
      reason,
    );
  }
});
