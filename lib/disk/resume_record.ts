/**
 * A torrent's resume record: the pieces that were verified and the stamp of each
 * file then, so that a restart need not hash the files again. A record proves
 * nothing about a file that was modified since. A record that is damaged, or of another
 * torrent or version, is ignored. Other users may be able to write to its folder, so only
 * a record with an HMAC by this user's secret proves that pieces were verified.
 *
 * Layout: a bencoded dictionary, the HMAC-SHA-1 of it (zeros where there is no
 * secret), then the SHA-1 of both. `files` holds 16 bytes a file,
 * size and time of modification as big-endian 64-bit floats; a size of -1 stands
 * for a file that was missing or being written, NaN for an unknown time.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { equals } from "@std/bytes/equals";
import { Bitfield } from "../base/bitfield.ts";
import { identifierToBytes, infoHashFromBytes } from "../base/identifier.ts";
import {
  BencodeError,
  decodeBencode,
  isDictionary,
} from "../bencode/decode.ts";
import { encodeBencode } from "../bencode/encode.ts";
import { piecesOf } from "../metainfo/file_selection.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import {
  type FileStamp,
  isModified,
  isUnmodified,
} from "../files/file_system.ts";
import { hmacSha1, sha1 } from "./sha1.ts";

const VERSION = 3;
const SHA1_LENGTH = 20;
const STAMP_LENGTH = 16;

/** The record of a torrent. */
export interface ResumeRecord {
  /** The pieces that were verified and stored. */
  readonly have: Bitfield;
  /** The stamp of each file; `undefined` if there is none to go by. */
  readonly stamps: readonly (FileStamp | undefined)[];
}

/** A record that was read. */
export interface ReadRecord extends ResumeRecord {
  /** True if the record was written with the secret. */
  readonly isProven: boolean;
}

/** The pieces about which a record is still right. */
export interface KnownPieces {
  /** Pieces that need not be verified. */
  readonly known: Bitfield;
  /** The known pieces that are stored and right. */
  readonly have: Bitfield;
}

/** Encodes a record. Without a secret the record proves nothing. */
export function encodeResumeRecord(
  torrent: Torrent,
  { have, stamps }: ResumeRecord,
  secret?: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const files = new DataView(new ArrayBuffer(stamps.length * STAMP_LENGTH));
  for (const [index, stamp] of stamps.entries()) {
    files.setFloat64(index * STAMP_LENGTH, stamp?.size ?? -1);
    files.setFloat64(index * STAMP_LENGTH + 8, stamp?.modifiedMs ?? NaN);
  }
  const body = encodeBencode({
    files: new Uint8Array(files.buffer),
    "info hash": identifierToBytes(torrent.infoHash),
    pieces: have.toBytes(),
    version: VERSION,
  });
  const proof = secret && hmacSha1(secret, body);
  const proven = concat([body, proof ?? new Uint8Array(SHA1_LENGTH)]);
  return concat([proven, sha1(proven)]);
}

/** Longest record of a torrent, in bytes. */
export function maxRecordLength({ files, geometry }: Torrent): number {
  return files.length * STAMP_LENGTH + geometry.pieceCount / 8 + 256;
}

/** Parses a record; `undefined` if it is not a complete record of this torrent. */
export function parseResumeRecord(
  torrent: Torrent,
  bytes: Uint8Array<ArrayBuffer>,
  secret?: Uint8Array,
): ReadRecord | undefined {
  const proven = bytes.subarray(0, -SHA1_LENGTH);
  const body = proven.subarray(0, -SHA1_LENGTH);
  if (!equals(sha1(proven), bytes.subarray(proven.length))) return undefined;
  const proof = proven.subarray(body.length);
  try {
    const record = decodeBencode(body);
    if (!isDictionary(record) || record.version !== VERSION) return undefined;
    const { files, pieces, "info hash": infoHash } = record;
    if (
      !(files instanceof Uint8Array) || !(pieces instanceof Uint8Array) ||
      !(infoHash instanceof Uint8Array) ||
      infoHashFromBytes(infoHash) !== torrent.infoHash ||
      files.length !== torrent.files.length * STAMP_LENGTH
    ) return undefined;
    return {
      have: Bitfield.fromBytes(pieces, torrent.geometry.pieceCount),
      stamps: parseStamps(files),
      isProven: secret !== undefined && equals(hmacSha1(secret, body), proof),
    };
  } catch (error) {
    // Not bencoded, or a bitfield or info hash of another length.
    if (error instanceof BencodeError || error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

function parseStamps(bytes: Uint8Array): (FileStamp | undefined)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / STAMP_LENGTH }, (_, index) => {
    const size = view.getFloat64(index * STAMP_LENGTH);
    const time = view.getFloat64(index * STAMP_LENGTH + 8);
    const modifiedMs = Number.isNaN(time) ? undefined : time;
    return size < 0 ? undefined : { size, modifiedMs };
  });
}

/** The pieces that lie in files whose stamp is the same now. */
export function knownPieces(
  torrent: Torrent,
  { have, stamps }: ResumeRecord,
  now: readonly (FileStamp | undefined)[],
): KnownPieces {
  const { files, geometry: { pieceCount } } = torrent;
  const modified = new Bitfield(files.length);
  for (const [index, { isPadding }] of files.entries()) {
    if (isPadding || isUnmodified(stamps[index], now[index])) continue;
    modified.add(index);
  }
  const unknown = piecesOf(torrent, modified);
  const pieces = {
    known: new Bitfield(pieceCount),
    have: new Bitfield(pieceCount),
  };
  for (let index = 0; index < pieceCount; index++) {
    if (unknown.has(index)) continue;
    pieces.known.add(index);
    if (have.has(index)) pieces.have.add(index);
  }
  return pieces;
}

/** A file that is not known to be the torrent's. */
export interface ForeignFile {
  readonly fileIndex: number;
  /**
   * True if the file has the right length and no piece of its own. It may be right: it
   * was perhaps stored before a crash that lost the rest of its pieces.
   */
  readonly isUnproven: boolean;
}

/**
 * The files that hold something else than the torrent's content: not one
 * of their pieces is right, and the record does not show that this program made
 * them. A file that this program goes on writing keeps its right pieces, so one that
 * was modified and has none is another file of that name.
 */
export function foreignFiles(
  { files, geometry }: Torrent,
  now: readonly (FileStamp | undefined)[],
  { have, record }: { have: Bitfield; record: ResumeRecord | undefined },
): ForeignFile[] {
  const foreign: ForeignFile[] = [];
  const { pieceLength } = geometry;
  let end = 0;
  for (const [fileIndex, { length }] of files.entries()) {
    const start = end;
    let piece = Math.floor(start / pieceLength);
    end += length;
    const [before, stamp] = [record?.stamps[fileIndex], now[fileIndex]];
    if (!stamp?.size) continue;
    if (before && !isModified(before, stamp)) continue;
    while (piece * pieceLength < end && !have.has(piece)) piece++;
    if (piece * pieceLength < end) continue;
    const whole = Math.ceil(start / pieceLength) * pieceLength;
    const wholeEnd = Math.min(whole + pieceLength, geometry.length);
    const hasOwnPiece = whole < end &&
      (wholeEnd <= end || files[fileIndex + 1]?.isPadding === true);
    const isUnproven = stamp.size === length && !hasOwnPiece;
    foreign.push({ fileIndex, isUnproven });
  }
  return foreign;
}
