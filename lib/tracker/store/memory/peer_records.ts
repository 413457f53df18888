/**
 * The peers of a tracker as records of 104 bytes, one for each peer in each
 * swarm, and what their words mean. It knows nothing of swarms and holders but
 * that a peer has a number of each.
 *
 * @module
 */
import {
  FIRST_UNPRIVILEGED_PORT,
  type PeerAddress,
} from "../../../base/peer_address.ts";
import { type PeerId, peerIdFromBytes } from "../../../base/identifier.ts";
import type { TransferProgress } from "../../../announce/announce.ts";
import {
  type AddressWords,
  formatAddressWords,
  formatIpv4Word,
} from "../address_words.ts";
import { ipv4Order, ipv6Order, poolKey } from "./pool_key.ts";
import { NONE, RecordTable } from "./record_table.ts";

/** Words of a peer id. */
export const ID_WORD_COUNT = 5;

/** Where things stand in a peer's record, in words. Doubles begin at even ones. */
export const PEER = {
  /** Five words. */
  id: 0,
  bytesPerSecond: 5,
  uploaded: 6,
  downloaded: 8,
  left: 10,
  lastSeenMs: 12,
  /** Two words. */
  key: 14,
  flags: 16,
  ipv4: 17,
  /** That of IPv4 in the upper half. */
  ports: 18,
  /** A record of `ipv6Addresses`. */
  ipv6: 19,
  swarm: 20,
  index: 21,
  holder: 23,
  holderRing: 24,
} as const;

const PEER_WORD_COUNT = 26;

/** What is true of a peer, each a bit of its flags. */
export const PEER_FLAG = {
  /** The record is in use; every peer has it. */
  known: 1 << 0,
  seeder: 1 << 1,
  completed: 1 << 2,
  hasKey: 1 << 3,
  hasIpv4: 1 << 4,
  hasIpv6: 1 << 5,
} as const;

/** Who may be told of a peer's address of one family. */
export const LISTING = { nobody: 0, everybody: 1, thisMachine: 2 } as const;

/** Where the listings of both families stand in a peer's flags. */
const IPV4_LISTING_SHIFT = 8;
const IPV6_LISTING_SHIFT = 10;
const LISTING_MASK = 3;

/** All peers of all swarms. */
export class PeerRecords extends RecordTable {
  /** IPv6 addresses, as most peers have none. */
  readonly #ipv6Addresses = new RecordTable(4);

  constructor() {
    super(PEER_WORD_COUNT);
  }

  /** Gives a peer's record back, and what belongs to it. */
  override free(peer: number): void {
    const ipv6 = this.word(peer, PEER.ipv6);
    if (ipv6 !== NONE) this.#ipv6Addresses.free(ipv6);
    super.free(peer);
  }

  /** Whether something is true of a peer. */
  has(peer: number, flag: number): boolean {
    return (this.word(peer, PEER.flags) & flag) !== 0;
  }

  /** Makes something true of a peer, or untrue. */
  setFlag(peer: number, flag: number, isSet: boolean): void {
    const flags = this.word(peer, PEER.flags);
    this.setWord(peer, PEER.flags, isSet ? flags | flag : flags & ~flag);
  }

  hasIpv4(peer: number): boolean {
    return this.has(peer, PEER_FLAG.hasIpv4);
  }

  hasId(peer: number, id: Int32Array): boolean {
    for (let index = 0; index < ID_WORD_COUNT; index++) {
      if (this.word(peer, PEER.id + index) !== id[index]) return false;
    }
    return true;
  }

  setId(peer: number, id: Int32Array): void {
    for (let index = 0; index < ID_WORD_COUNT; index++) {
      this.setWord(peer, PEER.id + index, id[index]!);
    }
  }

  /** The text of a peer's id. */
  peerId(peer: number): PeerId {
    const bytes = new Uint8Array(ID_WORD_COUNT * 4);
    this.writeId(peer, bytes, 0);
    return peerIdFromBytes(bytes);
  }

  /** Writes the 20 bytes of a peer's id. */
  writeId(peer: number, into: Uint8Array, offset: number): void {
    let at = offset;
    for (let index = 0; index < ID_WORD_COUNT; index++) {
      at = writeWord(this.word(peer, PEER.id + index), into, at);
    }
  }

  /** The port of the peer's address of one family. */
  port(peer: number, isIpv4: boolean): number {
    const ports = this.word(peer, PEER.ports);
    return isIpv4 ? ports >>> 16 : ports & 0xffff;
  }

  /** A word of the peer's IPv6 address. */
  ipv6Word(peer: number, index: number): number {
    return this.#ipv6Addresses.word(this.word(peer, PEER.ipv6), index);
  }

  hasKey(peer: number): boolean {
    return this.has(peer, PEER_FLAG.hasKey);
  }

  /** Sets the fingerprint of the peer's key. */
  setKey(peer: number, low: number, high: number): void {
    this.setFlag(peer, PEER_FLAG.hasKey, true);
    this.setWord(peer, PEER.key, low);
    this.setWord(peer, PEER.key + 1, high);
  }

  /** Writes the peer's address of a family and its port, as replies have them. */
  writeAddress(
    peer: number,
    isIpv4: boolean,
    into: Uint8Array,
    offset: number,
  ): void {
    let at = offset;
    if (isIpv4) {
      at = writeWord(this.word(peer, PEER.ipv4), into, at);
    } else {
      for (let index = 0; index < 4; index++) {
        at = writeWord(this.ipv6Word(peer, index), into, at);
      }
    }
    const port = this.port(peer, isIpv4);
    into[at] = port >>> 8;
    into[at + 1] = port;
  }

  /** Whether this is the peer's address of its family. */
  hasAddress(peer: number, address: AddressWords): boolean {
    const { words } = address;
    if (address.isIpv4) {
      return this.has(peer, PEER_FLAG.hasIpv4) &&
        this.word(peer, PEER.ipv4) === words[3];
    }
    if (!this.has(peer, PEER_FLAG.hasIpv6)) return false;
    for (let index = 0; index < 4; index++) {
      if (this.ipv6Word(peer, index) !== words[index]) return false;
    }
    return true;
  }

  /**
   * Sets the peer's address of one family and who is told of it; the peer is in
   * no pool while that is done.
   */
  setAddress(peer: number, address: AddressWords, port: number): void {
    const { isIpv4, words } = address;
    const ports = this.word(peer, PEER.ports);
    if (isIpv4) {
      this.setFlag(peer, PEER_FLAG.hasIpv4, true);
      this.setWord(peer, PEER.ipv4, words[3]!);
      this.setWord(peer, PEER.ports, ports & 0xffff | port << 16);
    } else {
      let record = this.word(peer, PEER.ipv6);
      if (record === NONE) {
        record = this.#ipv6Addresses.allocate();
        this.setWord(peer, PEER.ipv6, record);
      }
      this.setFlag(peer, PEER_FLAG.hasIpv6, true);
      for (let index = 0; index < 4; index++) {
        this.#ipv6Addresses.setWord(record, index, words[index]!);
      }
      this.setWord(peer, PEER.ports, ports & ~0xffff | port);
    }
    this.#setListing(peer, isIpv4, listingOf(address, port));
  }

  /** Who may be told of the peer's address of a family, a {@linkcode LISTING}. */
  listing(peer: number, isIpv4: boolean): number {
    const shift = isIpv4 ? IPV4_LISTING_SHIFT : IPV6_LISTING_SHIFT;
    return this.word(peer, PEER.flags) >>> shift & LISTING_MASK;
  }

  /** What the peer stands by in a pool of its addresses of a family, or of none. */
  poolKey(peer: number, family: "ipv4" | "ipv6" | "none"): number {
    switch (family) {
      case "ipv4":
        return poolKey(ipv4Order(this.word(peer, PEER.ipv4)), peer);
      case "ipv6": {
        const order = ipv6Order(this.ipv6Word(peer, 0), this.ipv6Word(peer, 1));
        return poolKey(order, peer);
      }
      case "none":
        return peer;
    }
  }

  /** Writes the peer's primary address into `into`: IPv4 if it has one. */
  primaryAddress(peer: number, into: Int32Array): void {
    if (this.has(peer, PEER_FLAG.hasIpv4)) {
      into[0] = 0;
      into[1] = 0;
      into[2] = 0xffff;
      into[3] = this.word(peer, PEER.ipv4);
    } else {
      for (let index = 0; index < 4; index++) {
        into[index] = this.ipv6Word(peer, index);
      }
    }
  }

  /** The peer's addresses, IPv4 first. */
  addresses(peer: number): PeerAddress[] {
    const addresses: PeerAddress[] = [];
    if (this.has(peer, PEER_FLAG.hasIpv4)) {
      addresses.push({
        hostname: formatIpv4Word(this.word(peer, PEER.ipv4)),
        port: this.port(peer, true),
      });
    }
    if (this.has(peer, PEER_FLAG.hasIpv6)) {
      const word = (index: number): number => this.ipv6Word(peer, index);
      addresses.push({
        hostname: formatAddressWords([word(0), word(1), word(2), word(3)]),
        port: this.port(peer, false),
      });
    }
    return addresses;
  }

  progress(peer: number): TransferProgress {
    return {
      uploaded: this.double(peer, PEER.uploaded),
      downloaded: this.double(peer, PEER.downloaded),
      left: this.double(peer, PEER.left),
    };
  }

  #setListing(peer: number, isIpv4: boolean, listing: number): void {
    const shift = isIpv4 ? IPV4_LISTING_SHIFT : IPV6_LISTING_SHIFT;
    const flags = this.word(peer, PEER.flags) & ~(LISTING_MASK << shift);
    this.setWord(peer, PEER.flags, flags | listing << shift);
  }
}

function listingOf(address: AddressWords, port: number): number {
  return port < FIRST_UNPRIVILEGED_PORT
    ? LISTING.nobody
    : LISTING[address.reach];
}

/** In network byte order. @returns The offset after the word. */
function writeWord(word: number, into: Uint8Array, offset: number): number {
  into[offset] = word >>> 24;
  into[offset + 1] = word >>> 16;
  into[offset + 2] = word >>> 8;
  into[offset + 3] = word;
  return offset + 4;
}
