/**
 * The pieces that a peer may request of a seeder while it is choked. [BEP 6]
 *
 * @module
 */
import { identifierToBytes, type InfoHash } from "../base/identifier.ts";
import { IPV4_LENGTH, parseIpAddress } from "../base/ip_address.ts";
import type { Sha1 } from "./torrent.ts";

/** Pieces that a choked peer may request. BEP 6 uses 10, but all hosts of a /24 share a set: its bytes are sent many times. */
export const ALLOWED_FAST_COUNT = 4;

/**
 * The pieces that a peer may request while choked, so that it soon has something to pass
 * on: every seeder offers it the same. None for IPv6, for which BEP 6 has no rule.
 */
export function allowedFastSet(options: {
  readonly infoHash: InfoHash;
  readonly pieceCount: number;
  /** The peer's address. */
  readonly hostname: string;
  /** @default {ALLOWED_FAST_COUNT} */
  readonly count?: number;
  readonly sha1: Sha1;
}): number[] {
  const { infoHash, pieceCount, hostname, sha1 } = options;
  const address = parseIpAddress(hostname);
  if (address?.length !== IPV4_LENGTH) return [];
  const count = Math.min(options.count ?? ALLOWED_FAST_COUNT, pieceCount);
  // BEP 6 masks the last byte, so that hosts of one network share a set.
  address[3] = 0;
  const seed = [...address, ...identifierToBytes(infoHash)];
  let hash: Uint8Array = Uint8Array.from(seed);
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
