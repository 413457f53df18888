/**
 * Peers that send messages without end to a seeder and to a leecher: reading from
 * them pauses, and all other peers are served as if they were not there.
 */
import { assertGreater, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import { dialPeer } from "../../lib/peer/peer_dialing.ts";
import { Pacer } from "../../lib/peer/pacer.ts";
import { UploadTurns } from "../../lib/peer/upload_turns.ts";
import { PeerConnection } from "../../lib/peer/peer_connection.ts";
import { type InfoHash, infoHashFromHex, type PeerId } from "../../lib/mod.ts";
import { OWN_EXTENSIONS } from "../../lib/wire/handshake.ts";
import { MAX_FRAME_LENGTH } from "../../lib/wire/read_message.ts";
import { latin1 } from "../core/bencode/bytes.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { usedMemory } from "./machine.ts";
import {
  EXTENSION_BITS,
  frame,
  handshake,
  joined,
  peerIdOf,
  RawPeer,
  uint32,
} from "./raw_peer.ts";
import { addressOf, assertWhole, openLocalSession, Share } from "./share.ts";
import { BLOCK, ID, INTERESTED, KIB, UNCHOKE } from "./wire_scene.ts";

const MIB = 1024 * KIB;
/** Longest time that a download or a flood takes on a machine under load. */
const LONGEST_MS = 240_000;

const CHOKE = frame(ID.choke);
const NOT_INTERESTED = frame(3);

/** The frames repeated to the length of one write. */
function many(...frames: Uint8Array[]): Uint8Array {
  const once = joined(...frames);
  return joined(...Array(Math.ceil(64 * KIB / once.length)).fill(once));
}

/** A dictionary of 500 unknown keys. */
const LARGE_DICTIONARY = latin1(
  `d${
    Array.from({ length: 500 }, (_, at) => `4:${at + 1000}i${at}e`).join("")
  }e`,
);

/** Messages to repeat; without `reserved`, from a peer that speaks BEP 3 alone. */
const FLOODS: readonly [
  what: string,
  bytes: Uint8Array,
  reserved?: readonly number[],
][] = [
  ["keep-alives", many(new Uint8Array(4)), EXTENSION_BITS],
  ["haves of one piece", many(frame(ID.have, uint32(3))), EXTENSION_BITS],
  [
    "interested and not interested",
    many(INTERESTED, NOT_INTERESTED),
    EXTENSION_BITS,
  ],
  ["chokes and unchokes", many(CHOKE, UNCHOKE), EXTENSION_BITS],
  ["requests of a byte", many(INTERESTED, frame(ID.request, uint32(0, 0, 1)))],
  [
    "requests with the fast extension",
    many(frame(ID.request, uint32(1, 0, BLOCK))),
    EXTENSION_BITS,
  ],
  ["cancels", many(frame(ID.cancel, uint32(0, 0, BLOCK))), EXTENSION_BITS],
  ["rejects", many(frame(ID.reject, uint32(0, 0, BLOCK))), EXTENSION_BITS],
  ["unknown messages", many(frame(99, [1, 2, 3])), EXTENSION_BITS],
  [
    "extended handshakes",
    many(frame(ID.extended, [0], latin1("d1:md6:ut_pexi1eee"))),
    EXTENSION_BITS,
  ],
  [
    "large extended handshakes",
    many(frame(ID.extended, [0], LARGE_DICTIONARY)),
    EXTENSION_BITS,
  ],
  ["have all without end", many(frame(ID.haveAll)), EXTENSION_BITS],
  ["bitfields", many(frame(ID.bitfield, [0x80, 0, 0, 0, 0])), EXTENSION_BITS],
];

const SAMPLE = await memoryTorrent({
  name: "flooded",
  length: 8 * MIB + 4321,
  pieceLength: 256 * KIB,
});

/** Sends the same bytes again and again until the connection is closed. */
class Flooder implements Disposable {
  readonly #connection: Deno.TcpConn;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async start(
    share: { readonly port: number },
    flood: (typeof FLOODS)[number],
    idByte: number,
  ): Promise<{ flooder: Flooder; flooding: Promise<void> }> {
    const [, bytes, reserved] = flood;
    const connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: share.port,
    });
    const flooder = new Flooder(connection);
    const { infoHash } = SAMPLE.torrent;
    const opening = handshake(infoHash, peerIdOf(idByte), reserved);
    return { flooder, flooding: flooder.#run(opening, bytes) };
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #run(opening: Uint8Array, bytes: Uint8Array): Promise<void> {
    await Promise.all([this.#write(opening, bytes), this.#read()]);
  }

  async #write(opening: Uint8Array, bytes: Uint8Array): Promise<void> {
    try {
      for (let rest = opening;; rest = bytes) {
        while (rest.length > 0) {
          rest = rest.subarray(await this.#connection.write(rest));
        }
      }
    } catch {
      // The connection was closed, or the test is over.
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(64 * KIB);
    try {
      while (await this.#connection.read(buffer) !== null);
    } catch {
      // As above.
    }
  }
}

/** A download from a seeder, with four flooding peers at each end. */
async function downloadBeside(flood: (typeof FLOODS)[number]): Promise<void> {
  const floodings: Promise<void>[] = [];
  {
    await using seeding = openLocalSession();
    await using leeching = openLocalSession();
    using flooders = new DisposableStack();
    await Share.start(seeding, SAMPLE, fullStorage(SAMPLE));
    const leecher = await Share.start(leeching, SAMPLE);
    for (let number = 0; number < 8; number++) {
      const victim = number % 2 === 0 ? seeding : leeching;
      const started = await Flooder.start(victim, flood, number + 1);
      flooders.use(started.flooder);
      floodings.push(started.flooding);
    }
    await delay(200);
    leecher.transfer.addPeers([addressOf(seeding)]);
    await leecher.first("completed", LONGEST_MS);
    await assertWhole(leecher, SAMPLE);
  }
  await Promise.all(floodings);
}

/** Floods that are tried side by side. */
const SIDE_BY_SIDE = 3;

for (let first = 0; first < FLOODS.length; first += SIDE_BY_SIDE) {
  const floods = FLOODS.slice(first, first + SIDE_BY_SIDE);
  const names = floods.map(([what]) => what).join("; with ");
  Deno.test(`downloads go on beside peers that flood both ends with ${names}`, async () => {
    const before = usedMemory();
    await Promise.all(floods.map(downloadBeside));
    assertLess(usedMemory() - before, 300 * MIB);
  });
}

Deno.test("a connection handles 17000 messages at once and leaves the rest with the peer", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const infoHash: InfoHash = infoHashFromHex("ab".repeat(20));
  const peerId = "cd".repeat(20) as PeerId;
  const { port } = listener.addr;
  const dialing = dialPeer({ hostname: "127.0.0.1", port }, {
    infoHash,
    peerId,
    extensions: OWN_EXTENSIONS,
  }, { signal: new AbortController().signal });
  const connection = await listener.accept();
  const far = new RawPeer(connection);
  await far.write(handshake(infoHash, peerIdOf(1)));
  const { channel } = await dialing;
  let count = 0;
  const startedAt = performance.now();
  const peer = new PeerConnection({ key: 1, channel, dialed: undefined }, {
    pieceCount: 1_000,
    maxFrameLength: MAX_FRAME_LENGTH,
    onMessage: () => count++,
    readBlock: () => undefined,
    onBlocksSent: () => {},
    uploadPacer: new Pacer(0),
    downloadPacer: new Pacer(0),
    uploadTurns: new UploadTurns(),
  });
  const running = peer.run();
  let written = 0;
  const keepAlives = new Uint8Array(64 * KIB);
  const flooding = (async () => {
    try {
      for (;;) written += await connection.write(keepAlives);
    } catch {
      // The connection is closed below.
    }
  })();
  await delay(2_000);
  const endMs = startedAt + LONGEST_MS;
  while (count <= 17_000 && performance.now() < endMs) await delay(10);
  peer.close();
  await running;
  const seconds = (performance.now() - startedAt) / 1000;
  connection.close();
  await flooding;
  // The burst, the rate of 4000 a second, and the turn in which it ends.
  assertLess(count, 17_000 + 4_000 * seconds + 2_000);
  assertGreater(count, 17_000);
  // Not what this machine could write in the time, but what its buffers hold.
  assertLess(written, 32 * MIB);
});
