/**
 * Announces on their way to Redis and the answers on their way back, as bytes:
 * how both are laid out is the script's matter, all numbers big endian. What
 * comes back is trusted for its form, as our own script wrote it, and for nothing
 * else.
 *
 * @module
 */
import { isDialable } from "../base/dialable.ts";
import { IDENTIFIER_LENGTH, identifierToBytes } from "../base/identifier.ts";
import { parseIpAddress } from "../base/ip_address.ts";
import type { PeerAnnounce } from "../tracker/peer_store.ts";
import { ANNOUNCE_FLAG, ANNOUNCE_STATUS } from "./announce_script.ts";

/** An announce for Redis. */
export interface OutgoingAnnounce {
  readonly announce: PeerAnnounce;
  /** How long ago the peer said it, in milliseconds. */
  readonly ageMs: number;
  /** Whether it is the tracker's own word, for which nothing is to be proved. */
  readonly isTrusted: boolean;
}

/** What Redis answers to one announce. */
export type AnnounceAnswer =
  | {
    readonly type: "accepted";
    readonly complete: number;
    readonly incomplete: number;
    readonly downloaded: number;
    readonly swarmAgeMs: number;
    /** Other peers, as `redis_layout.ts` describes members; a view. */
    readonly members: Uint8Array;
  }
  /** The peer id is in use at another address. */
  | { readonly type: "refused" }
  | { readonly type: "failed"; readonly message: string };

const HASH_DIGITS = 2 * IDENTIFIER_LENGTH;

/** In front of address and key, which have lengths of their own, in bytes. */
const FIXED_LENGTH = HASH_DIGITS + IDENTIFIER_LENGTH + 3 + 4 * 8;

/** Longest address with its port, and longest key, each with a byte for its length. */
const MAX_VARIABLE_LENGTH = 1 + 18 + 1 + 255;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes announces one after another. */
export function encodeAnnounces(
  announces: readonly OutgoingAnnounce[],
  random: () => number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(
    announces.length * (FIXED_LENGTH + MAX_VARIABLE_LENGTH),
  );
  let length = 0;
  for (const outgoing of announces) {
    length = writeAnnounce(bytes, length, outgoing, random);
  }
  return bytes.subarray(0, length);
}

/** @returns The offset after the announce. */
function writeAnnounce(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  { announce, ageMs, isTrusted }: OutgoingAnnounce,
  random: () => number,
): number {
  const { address, key = "", progress } = announce;
  const host = parseIpAddress(withoutZone(address.hostname));
  let offset = writeText(bytes, start, announce.infoHash);
  bytes.set(identifierToBytes(announce.peerId), offset);
  offset += IDENTIFIER_LENGTH;
  bytes[offset++] = flagsOf(announce, isTrusted);
  bytes[offset++] = Math.min(announce.numwant, 0xff);
  bytes[offset++] = Math.floor(random() * 0x100);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const { uploaded, downloaded, left } = progress;
  for (const number of [uploaded, downloaded, left, ageMs]) {
    view.setFloat64(offset, number);
    offset += 8;
  }
  bytes[offset++] = host === undefined ? 0 : host.length + 2;
  if (host !== undefined) {
    bytes.set(host, offset);
    offset += host.length;
    view.setUint16(offset, address.port);
    offset += 2;
  }
  const keyLength = encoder.encodeInto(
    key,
    bytes.subarray(offset + 1, offset + 1 + 0xff),
  ).written;
  bytes[offset++] = keyLength;
  return offset + keyLength;
}

function writeText(bytes: Uint8Array, offset: number, text: string): number {
  return offset + encoder.encodeInto(text, bytes.subarray(offset)).written;
}

function flagsOf(
  { address, event, isSeeder }: PeerAnnounce,
  isTrusted: boolean,
): number {
  return (isSeeder ? ANNOUNCE_FLAG.seeder : 0) |
    (event === "completed" ? ANNOUNCE_FLAG.completed : 0) |
    (event === "stopped" ? ANNOUNCE_FLAG.stopped : 0) |
    (event === "started" ? ANNOUNCE_FLAG.started : 0) |
    (isDialable(address, address.hostname) ? ANNOUNCE_FLAG.listed : 0) |
    (isTrusted ? ANNOUNCE_FLAG.trusted : 0);
}

/** `fe80::1` of `fe80::1%eth0`. */
function withoutZone(hostname: string): string {
  const percent = hostname.indexOf("%");
  return percent === -1 ? hostname : hostname.slice(0, percent);
}

/** Reads the answer to one announce. */
export function decodeAnswer(bytes: Uint8Array): AnnounceAnswer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (bytes[0]) {
    case ANNOUNCE_STATUS.accepted:
      return {
        type: "accepted",
        complete: view.getUint32(1),
        incomplete: view.getUint32(5),
        downloaded: view.getFloat64(9),
        swarmAgeMs: view.getFloat64(17),
        members: bytes.subarray(25),
      };
    case ANNOUNCE_STATUS.refused:
      return { type: "refused" };
    default:
      return { type: "failed", message: decoder.decode(bytes.subarray(1)) };
  }
}
