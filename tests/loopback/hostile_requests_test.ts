/**
 * A host that has a seeder work for nothing: the disk is read for little more than
 * is sent, and a download goes on.
 */
import { assert, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import { MemoryStorage, type PeerAddress } from "../../lib/mod.ts";
import { memoryTorrent } from "./memory_torrent.ts";
import { frame, handshake, joined, RawPeer, uint32 } from "./raw_peer.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";
import { ID, INTERESTED } from "./wire_scene.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const PIECE_LENGTH = 256 * KIB;

/** Larger than what a seeder keeps in memory. */
const SAMPLE = await memoryTorrent({
  name: "wanted",
  length: 24 * MIB,
  pieceLength: PIECE_LENGTH,
});
const { infoHash, geometry } = SAMPLE.torrent;
/** Nobody passes it on to others. */
const ALONE = {
  content: SAMPLE.content,
  torrent: { ...SAMPLE.torrent, isPrivate: true },
};

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
        attacker.#receive(peer),
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

Deno.test("twenty connections that request single bytes at random have little read and stop no download", async () => {
  await using seeding = openLocalSession();
  await using leeching = openLocalSession();
  const storage = new CountingStorage(ALONE.content.slice());
  await Share.start(seeding, ALONE, storage);
  storage.readLength = 0;
  await using attacker = await Attacker.start(addressOf(seeding), 1);
  await delay(2_000);
  const { readLength } = storage;
  assertLess(readLength, 100 * KIB);
  const leecher = await Share.start(leeching, ALONE);
  leecher.transfer.addPeers([addressOf(seeding)]);
  await leecher.first("completed");
  assert(attacker.receivedLength > 0);
});
