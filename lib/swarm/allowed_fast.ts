/**
 * The pieces that a peer gets even while it is choked, so that it has something
 * to pass on. [BEP 6] The set follows from the peer's address and the torrent
 * alone: whoever offers it offers the same pieces.
 *
 * @module
 */
import { identifierToBytes, type InfoHash } from "../base/identifier.ts";
import { IPV4_LENGTH, parseIpAddress } from "../base/ip_address.ts";
import type { Sha1 } from "../metainfo/torrent.ts";

/**
 * Pieces in a set. BEP 6 has 10; here all hosts of a /24 have the same set, and
 * what one seeder sends of it many times is missing elsewhere.
 */
export const ALLOWED_FAST_COUNT = 4;

/** What a set is computed for. */
export interface AllowedFastOptions {
  readonly infoHash: InfoHash;
  readonly pieceCount: number;
  /** The peer's address. */
  readonly hostname: string;
  /** Size of the set. @default {ALLOWED_FAST_COUNT} */
  readonly count?: number;
  readonly sha1: Sha1;
}

/**
 * A peer's set, in the order of its making; all pieces if there are fewer, and
 * none for a peer on IPv6, for which BEP 6 has no rule.
 */
export async function allowedFastSet(
  options: AllowedFastOptions,
): Promise<number[]> {
  const { infoHash, pieceCount, hostname, sha1 } = options;
  const address = parseIpAddress(hostname);
  if (address?.length !== IPV4_LENGTH) return [];
  const count = Math.min(options.count ?? ALLOWED_FAST_COUNT, pieceCount);
  // The last byte is left out: a network's hosts do not get a set each.
  address[3] = 0;
  let hash = Uint8Array.of(...address, ...identifierToBytes(infoHash));
  const indexes = new Set<number>();
  while (indexes.size < count) {
    hash = Uint8Array.from(await sha1(hash));
    const view = new DataView(hash.buffer);
    for (let offset = 0; offset < 20 && indexes.size < count; offset += 4) {
      indexes.add(view.getUint32(offset) % pieceCount);
    }
  }
  return [...indexes];
}
