/**
 * Announces on their way to Redis and the answers on their way back, as bytes:
 * how both are laid out is the script's matter, all numbers big endian. What
 * comes back is trusted for its form, as our own script wrote it, and for nothing
 * else.
 *
 * @module
 */
import { isDialable, type PeerAddress } from "../../base/peer_address.ts";
import { IDENTIFIER_LENGTH } from "../../base/identifier.ts";
import { parseIpAddress } from "../../base/ip_address.ts";
import type { PeerAnnounce } from "./peer_store.ts";
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
const FIXED_LENGTH = HASH_DIGITS + IDENTIFIER_LENGTH + 2 + 4 + 4 * 8;

/** Longest address with its port, and longest key, each with a byte for its length. */
const MAX_VARIABLE_LENGTH = 1 + 18 + 1 + 255;

const decoder = new TextDecoder();

/** Writes announces one after another. */
export function encodeAnnounces(
  announces: readonly OutgoingAnnounce[],
  random: () => number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(
    announces.length * (FIXED_LENGTH + MAX_VARIABLE_LENGTH),
  );
  const view = new DataView(bytes.buffer);
  let length = 0;
  for (const outgoing of announces) {
    length = writeAnnounce(view, length, outgoing, random);
  }
  return bytes.subarray(0, length);
}

/** @returns The offset after the announce. */
function writeAnnounce(
  view: DataView,
  start: number,
  { announce, ageMs, isTrusted }: OutgoingAnnounce,
  random: () => number,
): number {
  const { address, infoHash, key = "", peerId, progress } = announce;
  let offset = writeText(view, start, infoHash);
  offset = writeHex(view, offset, peerId);
  view.setUint8(offset++, flagsOf(announce, isTrusted));
  view.setUint8(offset++, Math.min(announce.numwant, 0xff));
  view.setUint32(offset, Math.floor(random() * 2 ** 32));
  offset += 4;
  view.setFloat64(offset, progress.uploaded);
  view.setFloat64(offset + 8, progress.downloaded);
  view.setFloat64(offset + 16, progress.left);
  view.setFloat64(offset + 24, ageMs);
  offset = writeAddress(view, offset + 32, address);
  const text = key.slice(0, 0xff);
  view.setUint8(offset, text.length);
  return writeText(view, offset + 1, text);
}

/** Writes an address and its port behind their length, which is 0 for what is no address. */
function writeAddress(
  view: DataView,
  offset: number,
  { hostname, port }: PeerAddress,
): number {
  const host = parseIpAddress(withoutZone(hostname));
  if (host === undefined) {
    view.setUint8(offset, 0);
    return offset + 1;
  }
  view.setUint8(offset++, host.length + 2);
  for (const byte of host) view.setUint8(offset++, byte);
  view.setUint16(offset, port);
  return offset + 2;
}

/** `fe80::1` of `fe80::1%eth0`. */
function withoutZone(hostname: string): string {
  const percent = hostname.indexOf("%");
  return percent === -1 ? hostname : hostname.slice(0, percent);
}

/** Writes ASCII. */
function writeText(view: DataView, offset: number, text: string): number {
  for (let index = 0; index < text.length; index++) {
    view.setUint8(offset + index, text.charCodeAt(index));
  }
  return offset + text.length;
}

/** Writes the bytes of hex digits. */
function writeHex(view: DataView, offset: number, digits: string): number {
  for (let index = 0; index < digits.length; index += 2) {
    view.setUint8(
      offset + index / 2,
      digitAt(digits, index) << 4 | digitAt(digits, index + 1),
    );
  }
  return offset + digits.length / 2;
}

/** Digits are 0x30 to 0x39, letters 0x61 to 0x66. */
function digitAt(digits: string, index: number): number {
  const code = digits.charCodeAt(index);
  return (code & 0xf) + (code >> 6) * 9;
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
