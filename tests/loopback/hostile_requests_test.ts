/**
 * A host with many connections that request blocks at random offsets: other leechers
 * keep their share of the seeder, and little more is read from the disk than is sent.
 */
import { assert, assertGreater, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import { encodeHex } from "@std/encoding/hex";
import {
  MemoryStorage,
  type PeerAddress,
  type TorrentSession,
} from "../../lib/mod.ts";
import { report } from "../report.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { frame, handshake, joined, RawPeer, uint32 } from "./raw_peer.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";
import { BLOCK, ID, INTERESTED } from "./wire_scene.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const PIECE_LENGTH = 256 * KIB;

/** Larger than what a seeder keeps in memory, in bytes. */
const LENGTH = 40 * MIB;

const SAMPLE = await memoryTorrent({
  name: "wanted",
  length: LENGTH,
  pieceLength: PIECE_LENGTH,
});
const { infoHash } = SAMPLE.torrent;
/** Nobody passes it on to others. */
const ALONE = {
  content: SAMPLE.content,
  torrent: { ...SAMPLE.torrent, isPrivate: true },
};

/** Requests of one connection that are outstanding. */
const REQUEST_WINDOW = 64;

/** Longest wait for blocks, in milliseconds. */
const LONGEST_WAIT_MS = 120_000;

/** With fewer connection slots a seeder does not dial a leecher beside twenty other peers. */
const MANY_PEERS = 128;

/** Only Linux has every address of 127.0.0.0/8 without setup. */
const lacksAddresses = Deno.build.os !== "linux";

/** A storage that counts what is read. */
class CountingStorage extends MemoryStorage {
  readLength = 0;

  override read(offset: number, into: Uint8Array): Promise<void> {
    this.readLength += into.length;
    return super.read(offset, into);
  }
}

/** Requests of a length that is a divisor of the piece length. */
function requestsOf(
  length: number,
  { count, next }: { readonly count: number; readonly next: () => number },
): Uint8Array {
  const requests = Array.from({ length: count }, () => {
    const offset = next() % (LENGTH / length) * length;
    const index = Math.floor(offset / PIECE_LENGTH);
    return frame(ID.request, uint32(index, offset % PIECE_LENGTH, length));
  });
  return joined(...requests);
}

/** The place of a block that does not follow the one before. */
function anywhere(): number {
  return Math.floor(Math.random() * LENGTH);
}

/** A host that requests blocks on each of its connections without end, a number of them at a time. */
class Downloader implements AsyncDisposable {
  readonly #blockLength: number;
  readonly #peers: RawPeer[] = [];
  readonly #working: Promise<void>[] = [];
  receivedLength = 0;

  constructor(blockLength: number) {
    this.#blockLength = blockLength;
  }

  /** Begins to request blocks, in the order of `next`. */
  add(peer: RawPeer, next: () => number): void {
    this.#peers.push(peer);
    // Harmless: its end is seen from what it received.
    this.#working.push(this.#download(peer, next).catch(() => {}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) peer[Symbol.dispose]();
    await Promise.all(this.#working);
  }

  async #download(
    peer: RawPeer,
    next: () => number,
  ): Promise<void> {
    const id = encodeHex(crypto.getRandomValues(new Uint8Array(20)));
    await peer.write(handshake(infoHash, id), INTERESTED);
    await peer.takeHandshake();
    await peer.takeFrameOf(ID.unchoke);
    for (let count = REQUEST_WINDOW;; count = REQUEST_WINDOW / 4) {
      await peer.write(requestsOf(this.#blockLength, { count, next }));
      for (; count > 0; count--) {
        const payload = await peer.takeFrameOf(ID.piece);
        if (payload === undefined) return;
        this.receivedLength += payload.length;
      }
    }
  }
}

/** Twenty connections of one host that request blocks anywhere. */
async function attack(
  address: PeerAddress,
  blockLength: number,
): Promise<Downloader> {
  const attacker = new Downloader(blockLength);
  for (let count = 0; count < 20; count++) {
    const connection = await Deno.connect(address);
    attacker.add(new RawPeer(connection, LONGEST_WAIT_MS), anywhere);
  }
  return attacker;
}

/** A leecher at an address of its own that the seeder dials, and that downloads in order. */
async function leechAt(
  hostname: string,
  seeder: TorrentSession,
): Promise<Downloader> {
  using listener = Deno.listen({ hostname, port: 0 });
  seeder.addPeers([{ hostname, port: listener.addr.port }]);
  const leecher = new Downloader(BLOCK);
  let number = 0;
  const peer = new RawPeer(await listener.accept(), LONGEST_WAIT_MS);
  leecher.add(peer, () => number++);
  return leecher;
}

/** Waits until each of them has received so many bytes more. */
async function untilReceived(
  downloaders: readonly Downloader[],
  length: number,
): Promise<void> {
  const ends = downloaders.map((one) => one.receivedLength + length);
  const lateMs = performance.now() + LONGEST_WAIT_MS;
  while (downloaders.some((one, at) => one.receivedLength < ends[at]!)) {
    assertLess(performance.now(), lateMs);
    await delay(10);
  }
}

Deno.test({
  name:
    "twelve leechers get their share of a seeder beside a host with twenty connections",
  ignore: lacksAddresses,
  fn: async () => {
    await using seeding = openLocalSession({ maxPeers: MANY_PEERS });
    const { transfer } = await Share.start(seeding, ALONE, fullStorage(ALONE));
    await using attacker = await attack(addressOf(seeding), BLOCK);
    await using resources = new AsyncDisposableStack();
    const leechers = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const hostname = `127.0.0.${2 + index}`;
        return resources.use(await leechAt(hostname, transfer));
      }),
    );
    const all = [attacker, ...leechers];
    // From here on all of them download, whenever each of them began.
    await untilReceived(all, MIB);
    const before = all.map((one) => one.receivedLength);
    await untilReceived(leechers, 8 * MIB);
    const [attacked, ...shares] = all.map((one, at) =>
      one.receivedLength - before[at]!
    );
    const mean = shares.reduce((sum, share) => sum + share) / shares.length;
    const times = attacked! / mean;
    report(
      `while leechers fetched ${(mean / MIB).toFixed(1)} MiB each, a host ` +
        `with twenty connections got ${
          times.toFixed(2)
        } times as much as one of them`,
    );
    // By hosts it is 1, by connections it would be 20.
    assertLess(times, 4);
    assertGreater(times, 0);
  },
});

Deno.test({
  name:
    "twenty connections that request single bytes at random have little read and stop no download",
  ignore: lacksAddresses,
  fn: async () => {
    const hostname = "127.0.0.2";
    await using seeding = openLocalSession({ maxPeers: MANY_PEERS });
    const storage = new CountingStorage(ALONE.content.slice());
    const { transfer } = await Share.start(seeding, ALONE, storage);
    await using leeching = openLocalSession({ hostname });
    storage.readLength = 0;
    await using attacker = await attack(addressOf(seeding), 1);
    await delay(2_000);
    const { readLength } = storage;
    report(`${readLength} bytes read in 2 s`);
    assertLess(readLength, 100 * KIB);
    const leecher = await Share.start(leeching, ALONE);
    transfer.addPeers([addressOf(leeching, hostname)]);
    await leecher.first("completed", LONGEST_WAIT_MS);
    assert(attacker.receivedLength > 0);
  },
});
