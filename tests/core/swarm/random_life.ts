/**
 * A random life of one swarm: peers join and leave, send valid, malformed and
 * dishonest messages, and {@linkcode WatchedSwarm} checks the engine after each
 * event. At the end an honest seeder must suffice to complete the torrent.
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
import type { BlockRange, Message } from "../../../lib/wire/message.ts";
import { latin1 } from "../bencode/bytes.ts";
import { EXCHANGE_PAYLOAD, HANDSHAKE_PAYLOADS } from "../wire/payloads.ts";
import { WatchedSwarm } from "./invariants.ts";
import { idOf, OWN_ID } from "./swarm_desk.ts";

const STEPS = 1500;
/** The pace of a life with peers that are fast enough for large blocks. */
const FAST_PACE_MS = 1;
const MOST_BLOCKS = 20;
const BLOCKS = [0, 1].map((fill) =>
  new Uint8Array(MOST_BLOCKS * BLOCK_SIZE + 1).fill(fill)
);
/** Peers that answer requests of several blocks, as we do, of fewer, or of less than one. */
const LARGE_HANDSHAKES = [262_144, 40_000, 1].map((length) =>
  latin1(`d10:ls_requesti${length}ee`)
);

/** A number below the bound, or now and then one at an edge. */
function number(bound: number, random: Random): number {
  const odd = [0, 1, bound - 1, bound, 2 ** 31, 2 ** 32 - 1];
  return random() < 0.97
    ? randomBelow(bound, random)
    : odd[randomBelow(odd.length, random)]!;
}

/** Lives one life. Returns the longest request of it, in bytes. @throws {AssertionError} If the engine breaks a promise. */
export function liveRandomLife(seed: number): number {
  const life = new RandomLife(seed);
  for (let step = 0; step < STEPS; step++) life.step();
  life.finish();
  return life.longestRequest;
}

class RandomLife {
  readonly #random: Random;
  readonly #geometry: Geometry;
  readonly #watched: WatchedSwarm;
  #lastKey = 0;
  #now = 1_000_000;
  /** The longest time between two events of most, in milliseconds: large blocks are for fast peers. */
  readonly #paceMs: number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    const isFast = this.#chance(0.5);
    this.#paceMs = isFast ? FAST_PACE_MS : 20;
    const pieceCount = 1 + this.#below(isFast ? 40 : 12);
    const mostBlocks = isFast ? MOST_BLOCKS : 5;
    const pieceLength = (1 + this.#below(mostBlocks)) * BLOCK_SIZE;
    const missing = this.#below(pieceLength);
    const length = pieceCount * pieceLength - missing;
    this.#geometry = new Geometry(length, pieceLength);
    const have = new Bitfield(pieceCount);
    if (this.#chance(0.5)) have.add(this.#below(pieceCount));
    const wanted = new Bitfield(pieceCount);
    for (let index = 0; index < pieceCount; index++) {
      if (this.#chance(0.5)) wanted.add(index);
    }
    const swarm = new Swarm({
      geometry: this.#geometry,
      have,
      wanted: this.#chance(0.5) ? wanted : undefined,
      first: this.#chance(0.5) ? [...wanted.indexes()].reverse() : undefined,
      ownId: OWN_ID,
      random: this.#random,
      maxPeers: 6,
      allowedFastSet: () => [0],
    });
    this.#watched = new WatchedSwarm(swarm, this.#geometry);
  }

  get isComplete(): boolean {
    return this.#watched.swarm.isDone;
  }

  get longestRequest(): number {
    return this.#watched.longestRequest;
  }

  step(): void {
    const { swarm } = this.#watched;
    // Long silence would end the high rates of a fast life.
    const silenceChance = this.#paceMs === FAST_PACE_MS ? 0.002 : 0.02;
    this.#now += this.#chance(silenceChance)
      ? this.#below(20_000)
      : this.#below(this.#paceMs);
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
    this.#say(key, this.#message(key));
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
    for (let round = 0; round < 4000 && !this.isComplete; round++) {
      const [id] = swarm.peers.get(peer)?.source.requests ?? [];
      if (id !== undefined) this.#say(peer, this.#answer([id], 0));
      while (this.#watched.hashing.size > 0) this.#check();
    }
    assert(this.isComplete, "an honest seeder suffices");
  }

  /** @param honestHost The host of a peer that is not refused. @default {a host among few} */
  #join(honestHost?: string): PeerKey {
    const hostname = honestHost ?? `192.0.2.${this.#below(8)}`;
    const peer = ++this.#lastKey;
    const isOwn = honestHost === undefined && this.#chance(0.02);
    const id = isOwn ? OWN_ID : idOf(`a${this.#below(1e6)}f`);
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
    if (this.#chance(0.5) && this.#watched.swarm.peers.has(peer)) {
      const [payload] = LARGE_HANDSHAKES;
      this.#say(peer, { type: "extended", id: 0, payload: payload! });
    }
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
        // Mostly blocks that belong together, now and then of several requests.
        const run = [id];
        while (peer.requestLength !== undefined && this.#chance(0.9)) {
          const next = run.at(-1)! + 1;
          const isInPiece = this.#geometry.blockOfId(next).block > 0;
          if (!ids.includes(next) || !isInPiece) break;
          run.push(next);
        }
        return peer.extensions.fast && this.#chance(0.1)
          ? this.#reject(run)
          : this.#answer(run, this.#chance(0.02) ? 1 : 0);
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
    const blockCount = this.#chance(0.8) ? 1 : this.#below(MOST_BLOCKS);
    return {
      type: this.#chance(0.7) ? "request" : "cancel",
      index: number(pieceCount, this.#random),
      offsetInPiece: number(3, this.#random) * BLOCK_SIZE % 2 ** 32,
      length: this.#chance(0.98)
        ? blockCount * BLOCK_SIZE
        : number(300_000, this.#random),
    };
  }

  #answer(ids: readonly number[], fill: 0 | 1): Message {
    const { index, offsetInPiece, length } = this.#rangeOf(ids);
    const block = BLOCKS[fill]!.subarray(0, length);
    return { type: "piece", index, offsetInPiece, block };
  }

  #reject(ids: readonly number[]): Message {
    return { type: "reject", ...this.#rangeOf(ids) };
  }

  /** The range of blocks that follow one another. */
  #rangeOf(ids: readonly number[]): BlockRange {
    const { index, offsetInPiece } = this.#geometry.blockRange(ids[0]!);
    const last = this.#geometry.blockRange(ids.at(-1)!);
    const length = last.offsetInPiece + last.length - offsetInPiece;
    return { index, offsetInPiece, length };
  }

  #extendedMessage(): Message {
    const payloads = [
      ...HANDSHAKE_PAYLOADS,
      ...LARGE_HANDSHAKES,
      EXCHANGE_PAYLOAD,
    ];
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
