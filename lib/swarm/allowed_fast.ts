/**
 * Computes the pieces that a peer may request even while it is choked, so that it
 * soon has something to pass on. [BEP 6] The set depends on the peer's address and
 * the torrent alone: every seeder offers a peer the same pieces.
 *
 * @module
 */
import { identifierToBytes, type InfoHash } from "../base/identifier.ts";
import { IPV4_LENGTH, parseIpAddress } from "../base/ip_address.ts";

/**
 * Pieces in a set. BEP 6 uses 10; here all hosts of a /24 have the same set, and
 * the bytes that a seeder sends many times are missing elsewhere.
 */
export const ALLOWED_FAST_COUNT = 4;

/** What determines a set. */
export interface AllowedFastOptions {
  readonly infoHash: InfoHash;
  readonly pieceCount: number;
  /** The peer's address. */
  readonly hostname: string;
  /** Size of the set. @default {ALLOWED_FAST_COUNT} */
  readonly count?: number;
  /** The 20-byte SHA-1 of bytes. */
  readonly sha1: (bytes: Uint8Array) => Uint8Array;
}

/**
 * The set of one peer, in the order of generation: every piece if there are fewer,
 * and no piece for an IPv6 peer, for which BEP 6 has no rule.
 */
export function allowedFastSet(options: AllowedFastOptions): number[] {
  const { infoHash, pieceCount, hostname, sha1 } = options;
  const address = parseIpAddress(hostname);
  if (address?.length !== IPV4_LENGTH) return [];
  const count = Math.min(options.count ?? ALLOWED_FAST_COUNT, pieceCount);
  // BEP 6 masks the last byte, so that hosts of one network share a set.
  address[3] = 0;
  let hash: Uint8Array = Uint8Array.of(
    ...address,
    ...identifierToBytes(infoHash),
  );
  const indexes = new Set<number>();
  while (indexes.size < count) {
    hash = sha1(hash);
    const view = new DataView(hash.buffer, hash.byteOffset);
    for (let offset = 0; offset < 20 && indexes.size < count; offset += 4) {
      indexes.add(view.getUint32(offset) % pieceCount);
    }
  }
  return [...indexes];
}
