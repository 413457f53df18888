/**
 * A random life of one swarm: peers join and leave, send valid, malformed and
 * dishonest messages, and {@linkcode WatchedSwarm} checks the engine after each
 * event. At the end an honest seeder must suffice to complete the torrent.
 *
 * @module
 */
import { assert } from "@std/assert";
import { Bitfield } from "../../../lib/base/bitfield.ts";
import {
  type Random,
  randomBelow,
  seededRandom,
} from "../../../lib/base/random.ts";
import { BLOCK_SIZE, Geometry } from "../../../lib/metainfo/geometry.ts";
import type { PeerKey } from "../../../lib/swarm/events.ts";
import { Swarm } from "../../../lib/swarm/swarm.ts";
import type { Message } from "../../../lib/wire/message.ts";
import { EXCHANGE_PAYLOAD, HANDSHAKE_PAYLOADS } from "../wire/payloads.ts";
import { WatchedSwarm } from "./invariants.ts";
import { idOf, OWN_ID } from "./swarm_desk.ts";

const STEPS = 1500;
const BLOCKS = [0, 1].map((fill) => new Uint8Array(BLOCK_SIZE + 1).fill(fill));

/** A number below the bound, or now and then one at an edge. */
function number(bound: number, random: Random): number {
  const odd = [0, 1, bound - 1, bound, 2 ** 31, 2 ** 32 - 1];
  return random() < 0.97
    ? randomBelow(bound, random)
    : odd[randomBelow(odd.length, random)]!;
}

/** Lives one life. @throws {AssertionError} If the engine breaks a promise. */
export function liveRandomLife(seed: number): void {
  const life = new RandomLife(seed);
  for (let step = 0; step < STEPS; step++) life.step();
  life.finish();
}

class RandomLife {
  readonly #random: Random;
  readonly #geometry: Geometry;
  readonly #watched: WatchedSwarm;
  #lastKey = 0;
  #now = 1_000_000;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    const pieceCount = 1 + this.#below(12);
    const pieceLength = (1 + this.#below(5)) * BLOCK_SIZE;
    const missing = this.#below(pieceLength);
    const length = pieceCount * pieceLength - missing;
    this.#geometry = new Geometry(length, pieceLength);
    const have = new Bitfield(pieceCount);
    if (this.#chance(0.5)) have.add(this.#below(pieceCount));
    const swarm = new Swarm({
      geometry: this.#geometry,
      have,
      ownId: OWN_ID,
      random: this.#random,
      maxPeers: 6,
      allowedFastSet: () => [0],
    });
    this.#watched = new WatchedSwarm(swarm, this.#geometry);
  }

  get isComplete(): boolean {
    return this.#watched.swarm.have.isFull;
  }

  step(): void {
    const { swarm } = this.#watched;
    this.#now += this.#chance(0.02) ? this.#below(20_000) : this.#below(20);
    const key = [...swarm.peers.keys()][this.#below(swarm.peers.size)];
    const chance = this.#random();
    if (key === undefined || chance < 0.01) {
      this.#join();
      return;
    }
    if (chance < 0.013) return this.#leave(key);
    if (chance < 0.05) {
      return this.#watched.apply({ type: "tick" }, this.#now);
    }
    if (chance < 0.15) return this.#check();
    if (chance < 0.2) return this.#blockSent(key);
    const message = this.#message(key);
    this.#watched.apply(
      { type: "messageReceived", peer: key, message },
      this.#now,
    );
  }

  /** An honest seeder joins and answers every request: whatever happened before, it suffices. */
  finish(): void {
    const { swarm } = this.#watched;
    for (const key of [...swarm.peers.keys()]) this.#leave(key);
    while (this.#watched.hashing.size > 0) this.#check();
    if (this.isComplete) return;
    const peer = this.#join("203.0.113.1");
    const bytes = Bitfield.full(this.#geometry.pieceCount).toBytes();
    this.#say(peer, { type: "bitfield", bytes });
    this.#say(peer, { type: "unchoke" });
    for (let round = 0; round < 1000 && !this.isComplete; round++) {
      const [id] = swarm.peers.get(peer)?.source.requests ?? [];
      if (id !== undefined) this.#say(peer, this.#answer(id, 0));
      while (this.#watched.hashing.size > 0) this.#check();
    }
    assert(this.isComplete, "an honest seeder suffices");
  }

  #join(hostname = `192.0.2.${this.#below(8)}`): PeerKey {
    const peer = ++this.#lastKey;
    const id = this.#chance(0.02) ? OWN_ID : idOf(`a${this.#below(1e6)}f`);
    const isOutgoing = this.#chance(0.5);
    const extensions = {
      fast: this.#chance(0.5),
      extended: this.#chance(0.5),
    };
    const listenPort = isOutgoing ? 6881 : undefined;
    this.#watched.apply({
      type: "peerJoined",
      ...{ peer, id, hostname, isOutgoing, extensions, listenPort },
    }, this.#now);
    return peer;
  }

  #leave(peer: PeerKey): void {
    this.#watched.apply({ type: "peerLeft", peer }, this.#now);
  }

  #blockSent(peer: PeerKey): void {
    const most = this.#watched.bytesBeingServed(peer);
    const length = Math.min(BLOCK_SIZE, most);
    if (length === 0) return;
    this.#watched.apply({ type: "blockSent", peer, length }, this.#now);
  }

  /** Correct content is zeros. */
  #check(): void {
    const [first] = this.#watched.hashing;
    if (first === undefined) return;
    const [index, bytes] = first;
    const type = bytes.every((byte) => byte === 0)
      ? "pieceVerified"
      : "pieceCorrupt";
    this.#watched.apply({ type, index, bytes }, this.#now);
  }

  #say(peer: PeerKey, message: Message): void {
    this.#watched.apply({ type: "messageReceived", peer, message }, this.#now);
  }

  #message(key: PeerKey): Message {
    const { pieceCount } = this.#geometry;
    const { peer, source } = this.#watched.swarm.peers.get(key)!;
    const chance = this.#random();
    if (chance < 0.4) {
      // With the fast extension a cancelled request is answered, too.
      const ids = [...source.requests, ...this.#watched.cancelledAt(key)];
      const id = ids[this.#below(ids.length)];
      if (id !== undefined) {
        return peer.extensions.fast && this.#chance(0.1)
          ? this.#reject(id)
          : this.#answer(id, this.#chance(0.02) ? 1 : 0);
      }
    }
    if (chance < 0.6) {
      return { type: "have", index: number(pieceCount, this.#random) };
    }
    if (chance < 0.63) return { type: "choke" };
    if (chance < 0.75) return { type: "unchoke" };
    if (chance < 0.8) return { type: "interested" };
    if (chance < 0.82) return { type: "notInterested" };
    if (chance < 0.83) {
      const byteCount = number((pieceCount + 7) >>> 3, this.#random) % 4;
      const bytes = new Uint8Array(byteCount).fill(this.#below(256));
      return { type: "bitfield", bytes };
    }
    if (chance < 0.84) return { type: "unknown", id: 21, length: 0 };
    if (chance < 0.845) return this.#strayPiece();
    if (chance < 0.86 && peer.extensions.fast) {
      return { type: "allowedFast", index: number(pieceCount, this.#random) };
    }
    if (chance < 0.862 && peer.extensions.fast) {
      return { type: "suggest", index: number(pieceCount, this.#random) };
    }
    if (chance < 0.865) {
      return { type: this.#chance(0.5) ? "haveNone" : "haveAll" };
    }
    if (chance < 0.875) return this.#extendedMessage();
    return {
      type: this.#chance(0.7) ? "request" : "cancel",
      index: number(pieceCount, this.#random),
      offsetInPiece: number(3, this.#random) * BLOCK_SIZE % 2 ** 32,
      length: this.#chance(0.98) ? BLOCK_SIZE : number(200_000, this.#random),
    };
  }

  #answer(id: number, fill: 0 | 1): Message {
    const { index, block } = this.#geometry.blockOfId(id);
    const length = this.#geometry.blockLengthAt(index, block);
    return {
      type: "piece",
      index,
      offsetInPiece: block * BLOCK_SIZE,
      block: BLOCKS[fill]!.subarray(0, length),
    };
  }

  #reject(id: number): Message {
    const { index, block } = this.#geometry.blockOfId(id);
    const length = this.#geometry.blockLengthAt(index, block);
    const offsetInPiece = block * BLOCK_SIZE;
    return { type: "reject", index, offsetInPiece, length };
  }

  #extendedMessage(): Message {
    const payloads = [...HANDSHAKE_PAYLOADS, EXCHANGE_PAYLOAD];
    const payload = payloads[this.#below(payloads.length)]!;
    const id = payload === EXCHANGE_PAYLOAD ? 1 : 0;
    return { type: "extended", id: this.#chance(0.1) ? 9 : id, payload };
  }

  #strayPiece(): Message {
    return {
      type: "piece",
      index: number(this.#geometry.pieceCount, this.#random),
      offsetInPiece: number(4 * BLOCK_SIZE, this.#random),
      block: BLOCKS[1]!.subarray(0, this.#below(BLOCK_SIZE + 2)),
    };
  }

  #below(bound: number): number {
    return randomBelow(bound, this.#random);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }
}
