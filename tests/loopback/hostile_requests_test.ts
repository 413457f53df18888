/**
 * A host with many connections that request blocks at random offsets: other leechers
 * keep their share of the seeder, and little more is read from the disk than is sent.
 */
import { assert, assertGreater, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  MemoryStorage,
  type PeerAddress,
  type TorrentSession,
} from "../../lib/mod.ts";
import { report } from "../report.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { frame, handshake, joined, RawPeer, uint32 } from "./raw_peer.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";
import { ID, INTERESTED } from "./wire_scene.ts";

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
const { infoHash, geometry } = SAMPLE.torrent;
/** Nobody passes it on to others. */
const ALONE = {
  content: SAMPLE.content,
  torrent: { ...SAMPLE.torrent, isPrivate: true },
};

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

/** Some requests of blocks that do not follow each other. */
function scatteredRequests(length: number, count: number): Uint8Array {
  const requests = Array.from({ length: count }, () => {
    const index = Math.floor(Math.random() * geometry.pieceCount);
    const offset = Math.floor(Math.random() * (PIECE_LENGTH / length - 1));
    return frame(ID.request, uint32(index, offset * length, length));
  });
  return joined(...requests);
}

/** An attacker with twenty connections that requests blocks all the time. */
class Attacker implements AsyncDisposable {
  readonly #peers: RawPeer[] = [];
  readonly #working: Promise<void>[] = [];
  readonly #ending = new AbortController();
  receivedLength = 0;

  static async start(
    address: PeerAddress,
    blockLength: number,
  ): Promise<Attacker> {
    const attacker = new Attacker();
    for (let number = 0; number < 20; number++) {
      const peer = await RawPeer.dial(address);
      const id = number.toString(16).padStart(40, "a");
      await peer.write(handshake(infoHash, id), INTERESTED);
      await peer.takeHandshake();
      attacker.#peers.push(peer);
      attacker.#working.push(
        attacker.#request(peer, blockLength),
        // Harmless: it rejects where the attacker is served nothing for long.
        attacker.#receive(peer).catch(() => {}),
      );
    }
    return attacker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    for (const peer of this.#peers) peer[Symbol.dispose]();
    await Promise.allSettled(this.#working);
  }

  async #request(peer: RawPeer, length: number): Promise<void> {
    while (!this.#ending.signal.aborted) {
      await peer.write(scatteredRequests(length, 32));
      await delay(length > KIB ? 20 : 5);
    }
  }

  async #receive(peer: RawPeer): Promise<void> {
    for (;;) {
      const frame = await peer.takeFrame();
      if (frame === undefined) return;
      if (frame.id === ID.piece) this.receivedLength += frame.payload.length;
    }
  }
}

async function untilDownloading(transfer: TorrentSession): Promise<void> {
  while (transfer.snapshot().downloadedBytes === 0) await delay(10);
}

Deno.test({
  name:
    "twelve leechers get their share of a seeder beside a host with twenty connections",
  ignore: lacksAddresses,
  fn: async () => {
    await using sessions = new AsyncDisposableStack();
    const seeding = sessions.use(openLocalSession());
    const seeder = await Share.start(seeding, ALONE, fullStorage(ALONE));
    await using attacker = await Attacker.start(addressOf(seeding), 16 * KIB);
    const leechers: Share[] = [];
    const addresses: PeerAddress[] = [];
    for (let number = 2; number < 14; number++) {
      const hostname = `127.0.0.${number}`;
      const session = sessions.use(openLocalSession({ hostname }));
      leechers.push(await Share.start(session, ALONE));
      addresses.push(addressOf(session, hostname));
    }
    seeder.transfer.addPeers(addresses);
    const began = Promise.race(
      leechers.map(({ transfer }) => untilDownloading(transfer)),
    );
    await began;
    const before = attacker.receivedLength;
    await Promise.all(
      leechers.map((leecher) => leecher.first("completed", 300_000)),
    );
    const times = (attacker.receivedLength - before) / LENGTH;
    report(
      `while twelve leechers fetched ${LENGTH / MIB} MiB each, a host with ` +
        `twenty connections got ${
          times.toFixed(2)
        } times as much as one of them`,
    );
    // As the leechers start one after another, it may be more than 1; by
    // connections it would be 20.
    assertLess(times, 4);
    assertGreater(times, 0);
  },
});

Deno.test("twenty connections that request single bytes at random have little read and stop no download", async () => {
  await using seeding = openLocalSession();
  await using leeching = openLocalSession();
  const storage = new CountingStorage(ALONE.content.slice());
  await Share.start(seeding, ALONE, storage);
  storage.readLength = 0;
  await using attacker = await Attacker.start(addressOf(seeding), 1);
  await delay(2_000);
  const { readLength } = storage;
  report(`${readLength} bytes read in 2 s`);
  assertLess(readLength, 100 * KIB);
  const leecher = await Share.start(leeching, ALONE);
  leecher.transfer.addPeers([addressOf(seeding)]);
  await leecher.first("completed");
  assert(attacker.receivedLength > 0);
});
