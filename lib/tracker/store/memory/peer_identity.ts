/**
 * Who announces, as numbers that records are compared by: the peer id, and a
 * fingerprint of the key. The key itself is not kept, and with 64 bits under a
 * random seed a guess is as hopeless as a guess of the key.
 *
 * @module
 */
import type { PeerId } from "../../../base/identifier.ts";
import { halfSipHash, type HalfSipKey } from "../half_sip_hash.ts";
import type { Random } from "../../../base/random.ts";
import { ID_WORD_COUNT, PEER, type PeerRecords } from "./peer_records.ts";

const HEX_DIGITS_OF_WORD = 8;

/** A key that nobody knows. */
export function randomHashKey(random: Random): HalfSipKey {
  return {
    low: Math.floor(random() * 2 ** 32),
    high: Math.floor(random() * 2 ** 32),
  };
}

/** Reads one asker after the other, into the same memory. */
export class PeerIdentity {
  readonly id: Int32Array = new Int32Array(ID_WORD_COUNT);
  /** The fingerprint of the key; meaningless if there is none. */
  readonly #key = new Int32Array(2);
  #hasKey = false;
  /** The peer id and the swarm, by which a peer's record is found. */
  readonly #name = new Int32Array(ID_WORD_COUNT + 1);
  readonly #hashKey: HalfSipKey;
  readonly #seeds: Int32Array;

  constructor(random: Random) {
    this.#hashKey = randomHashKey(random);
    const { low, high } = randomHashKey(random);
    this.#seeds = Int32Array.of(low, high);
  }

  read(peerId: PeerId, key: string | undefined): void {
    for (let index = 0; index < ID_WORD_COUNT; index++) {
      this.id[index] = hexWord(peerId, index * HEX_DIGITS_OF_WORD);
    }
    this.#hasKey = key !== undefined;
    if (key !== undefined) this.#readKey(key);
  }

  /** The hash of the peer in a swarm. */
  hashIn(swarmNumber: number): number {
    this.#name.set(this.id);
    this.#name[ID_WORD_COUNT] = swarmNumber;
    return halfSipHash(this.#name, this.#hashKey);
  }

  /** Whether the key is the one that this peer announced before. */
  provesToBe(peers: PeerRecords, peer: number): boolean {
    return this.#hasKey && peers.hasKey(peer) &&
      peers.word(peer, PEER.key) === this.#key[0] &&
      peers.word(peer, PEER.key + 1) === this.#key[1];
  }

  /** Keeps the key of a peer, if it has one. */
  keepKey(peers: PeerRecords, peer: number): void {
    if (this.#hasKey) peers.setKey(peer, this.#key[0]!, this.#key[1]!);
  }

  #readKey(key: string): void {
    let [low = 0, high = 0] = this.#seeds;
    for (let offset = 0; offset < key.length; offset++) {
      const code = key.charCodeAt(offset);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ code, 0x5bd1e995);
      high ^= high >>> 15;
    }
    this.#key[0] = low;
    this.#key[1] = high;
  }
}

/** 8 hex digits as a number of 32 bits, signed. */
function hexWord(text: string, offset: number): number {
  let word = 0;
  for (let index = offset; index < offset + HEX_DIGITS_OF_WORD; index++) {
    const code = text.charCodeAt(index);
    // Digits are 0x30 to 0x39, letters 0x61 to 0x66.
    word = word << 4 | (code & 0xf) + (code >> 6) * 9;
  }
  return word;
}
