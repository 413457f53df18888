/**
 * The handshake of 68 bytes that opens every peer connection: a length-prefixed
 * protocol name, 8 reserved bytes, info hash, peer id. [BEP 3] Two reserved bits
 * announce extensions; we ignore the others. Another protocol (TLS, HTTP) fails at
 * its first wrong byte, not after 68.
 *
 * @module
 */
import type { ByteQueue } from "../base/byte_queue.ts";
import { ProtocolError } from "../base/errors.ts";
import {
  identifierToBytes,
  type InfoHash,
  infoHashFromBytes,
  type PeerId,
  peerIdFromBytes,
} from "../base/identifier.ts";

/** Length of a handshake, in bytes. */
export const HANDSHAKE_LENGTH = 68;

/** 19 and `BitTorrent protocol`. */
const PREFIX = new TextEncoder().encode("\x13BitTorrent protocol");
const RESERVED_LENGTH = 8;
const INFO_HASH_OFFSET = PREFIX.length + RESERVED_LENGTH;
const PEER_ID_OFFSET = INFO_HASH_OFFSET + 20;

/** The reserved bits of the extensions. */
const FAST_BIT = { offset: PREFIX.length + 7, mask: 0x04 };
const EXTENDED_BIT = { offset: PREFIX.length + 5, mask: 0x10 };

/** Extensions of BEP 3 that one end supports. */
export interface WireExtensions {
  /** The fast extension. [BEP 6] */
  readonly fast: boolean;
  /** The extension protocol. [BEP 10] */
  readonly extended: boolean;
}

/** The extensions that we support: all. A connection uses those of the peer. */
export const OWN_EXTENSIONS: WireExtensions = { fast: true, extended: true };

/** The extensions of a peer that knows only BEP 3: none. */
export const NO_EXTENSIONS: WireExtensions = { fast: false, extended: false };

/** The fields of a handshake. */
export interface Handshake {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly extensions: WireExtensions;
}

export function encodeHandshake(handshake: Handshake): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HANDSHAKE_LENGTH);
  bytes.set(PREFIX);
  const { fast, extended } = handshake.extensions;
  if (fast) bytes[FAST_BIT.offset]! |= FAST_BIT.mask;
  if (extended) bytes[EXTENDED_BIT.offset]! |= EXTENDED_BIT.mask;
  bytes.set(identifierToBytes(handshake.infoHash), INFO_HASH_OFFSET);
  bytes.set(identifierToBytes(handshake.peerId), PEER_ID_OFFSET);
  return bytes;
}

/**
 * Takes a handshake off the queue; `undefined` while it is incomplete.
 * @throws {ProtocolError} If the bytes so far cannot begin a handshake.
 */
export function readHandshake(queue: ByteQueue): Handshake | undefined {
  const bytes = queue.bytes;
  const seen = Math.min(bytes.length, PREFIX.length);
  for (let offset = 0; offset < seen; offset++) {
    if (bytes[offset] !== PREFIX[offset]) {
      throw new ProtocolError(
        `Cannot read handshake: byte ${offset} is ${
          bytes[offset]
        }, not BitTorrent's ${PREFIX[offset]}`,
      );
    }
  }
  if (bytes.length < HANDSHAKE_LENGTH) return undefined;
  const handshake = {
    infoHash: infoHashFromBytes(
      bytes.subarray(INFO_HASH_OFFSET, PEER_ID_OFFSET),
    ),
    peerId: peerIdFromBytes(bytes.subarray(PEER_ID_OFFSET, HANDSHAKE_LENGTH)),
    extensions: {
      fast: (bytes[FAST_BIT.offset]! & FAST_BIT.mask) !== 0,
      extended: (bytes[EXTENDED_BIT.offset]! & EXTENDED_BIT.mask) !== 0,
    },
  };
  queue.consume(HANDSHAKE_LENGTH);
  return handshake;
}
