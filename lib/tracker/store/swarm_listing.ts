/**
 * Redis's descriptions of swarms and peers, from bytes to values. What is not of
 * the form that our scripts write is left out.
 *
 * @module
 */
import {
  IDENTIFIER_LENGTH,
  type InfoHash,
  infoHashFromHex,
  peerIdFromBytes,
} from "../../base/identifier.ts";
import { parseCompactPeer, type PeerAddress } from "../../base/peer_address.ts";
import type { PeerDetails, SwarmSummary } from "./peer_store.ts";
import { RECORD_FLAG } from "./redis_layout.ts";

/** Of one swarm: info hash in hex, two whole numbers, three of 8 bytes. */
const SWARM_LENGTH = 40 + 2 * 4 + 3 * 8;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Reads swarms, one after another. */
export function readSwarms(bytes: Uint8Array): SwarmSummary[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const swarms: SwarmSummary[] = [];
  for (let at = 0; at + SWARM_LENGTH <= bytes.length; at += SWARM_LENGTH) {
    const infoHash = readInfoHash(bytes.subarray(at, at + 40));
    if (infoHash === undefined) continue;
    const contentLength = view.getFloat64(at + 56);
    swarms.push({
      infoHash,
      complete: view.getUint32(at + 40),
      incomplete: view.getUint32(at + 44),
      downloaded: view.getFloat64(at + 48),
      contentLength: contentLength === 0 ? undefined : contentLength,
      bytesPerSecond: view.getFloat64(at + 64),
    });
  }
  return swarms;
}

/** Anybody with access to Redis may have put anything there. */
function readInfoHash(bytes: Uint8Array): InfoHash | undefined {
  const text = decoder.decode(bytes);
  return /^[0-9a-f]{40}$/.test(text) ? infoHashFromHex(text) : undefined;
}

/** Writes the counts of swarms that Redis is to take up. */
export function writeCounts(
  swarms: readonly Pick<
    SwarmSummary,
    "infoHash" | "downloaded" | "contentLength"
  >[],
): Uint8Array<ArrayBuffer> {
  const length = 40 + 2 * 8;
  const bytes = new Uint8Array(swarms.length * length);
  const view = new DataView(bytes.buffer);
  for (const [index, swarm] of swarms.entries()) {
    const at = index * length;
    encoder.encodeInto(swarm.infoHash, bytes.subarray(at));
    view.setFloat64(at + 40, swarm.downloaded);
    view.setFloat64(at + 48, swarm.contentLength ?? 0);
  }
  return bytes;
}

/**
 * Reads peers, one after another, behind Redis's time.
 * @param nowMs The same moment on the tracker's clock.
 */
export function readPeers(bytes: Uint8Array, nowMs: number): PeerDetails[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const peers: PeerDetails[] = [];
  const redisNowMs = view.getFloat64(0);
  let offset = 8;
  while (offset < bytes.length) {
    const recordAt = offset + IDENTIFIER_LENGTH + 4;
    const end = recordAt + view.getUint32(recordAt - 4);
    const seenMs = view.getFloat64(recordAt + 1);
    peers.push({
      peerId: peerIdFromBytes(
        bytes.subarray(offset, offset + IDENTIFIER_LENGTH),
      ),
      addresses: readAddresses(bytes.subarray(recordAt + KEY_OFFSET, end)),
      isSeeder: (bytes[recordAt]! & RECORD_FLAG.seeder) !== 0,
      progress: {
        uploaded: view.getFloat64(recordAt + 9),
        downloaded: view.getFloat64(recordAt + 17),
        left: view.getFloat64(recordAt + 25),
      },
      bytesPerSecond: view.getFloat64(recordAt + 33),
      lastSeenMs: nowMs - (redisNowMs - seenMs),
    });
    offset = end;
  }
  return peers;
}

/** Behind flags and five numbers of a record. */
const KEY_OFFSET = 1 + 5 * 8;

/** The addresses behind the key; each of the three with a byte for its length. */
function readAddresses(bytes: Uint8Array): PeerAddress[] {
  const addresses: PeerAddress[] = [];
  let offset = 1 + bytes[0]!;
  while (offset < bytes.length) {
    const end = offset + 1 + bytes[offset]!;
    if (end > offset + 1) {
      const address = parseCompactPeer(bytes.subarray(offset + 1, end));
      if (address !== undefined) addresses.push(address);
    }
    offset = end;
  }
  return addresses;
}
