/**
 * What a peer notes down of a torrent's files so that a restart need not hash
 * them again: which pieces were verified, and how each file was then. A record
 * is never trusted for a file that has changed since, and one that is damaged,
 * of another torrent or of another layout is none.
 *
 * Layout: a bencoded dictionary, then its SHA-1. `files` holds 16 bytes a file,
 * its size and its time of change as two big-endian floats of 64 bits; a size of
 * -1 stands for a file that was missing or being written.
 *
 * @module
 */
import { Bitfield } from "../base/bitfield.ts";
import { identifierToBytes } from "../base/identifier.ts";
import { decodeBencode, isDictionary } from "../bencode/decode.ts";
import { encodeBencode } from "../bencode/encode.ts";
import { BencodeError } from "../bencode/scan.ts";
import { FileSpans } from "../metainfo/file_spans.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { type FileStamp, isUnmodified } from "./file_stamp.ts";
import { sha1 } from "./sha1.ts";

const VERSION = 1;
const SHA1_LENGTH = 20;
const STAMP_LENGTH = 16;

/** What was noted down of a torrent. */
export interface ResumeRecord {
  /** The pieces that were verified and stored. */
  readonly have: Bitfield;
  /** How each file of the torrent was; `undefined` if there is nothing to go by. */
  readonly stamps: readonly (FileStamp | undefined)[];
}

/** The bytes of a record. */
export function encodeResumeRecord(
  torrent: Torrent,
  { have, stamps }: ResumeRecord,
): Uint8Array<ArrayBuffer> {
  const files = new DataView(new ArrayBuffer(stamps.length * STAMP_LENGTH));
  for (const [index, stamp] of stamps.entries()) {
    files.setFloat64(index * STAMP_LENGTH, stamp?.size ?? -1);
    files.setFloat64(index * STAMP_LENGTH + 8, stamp?.modifiedMs ?? 0);
  }
  const body = encodeBencode({
    files: new Uint8Array(files.buffer),
    "info hash": identifierToBytes(torrent.infoHash),
    pieces: have.toBytes(),
    version: VERSION,
  });
  const record = new Uint8Array(body.length + SHA1_LENGTH);
  record.set(body);
  record.set(sha1(body), body.length);
  return record;
}

/** Reads a record; `undefined` if it is not a whole one of this torrent. */
export function parseResumeRecord(
  torrent: Torrent,
  bytes: Uint8Array<ArrayBuffer>,
): ResumeRecord | undefined {
  if (bytes.length < SHA1_LENGTH) return undefined;
  const body = bytes.subarray(0, -SHA1_LENGTH);
  if (!isEqual(sha1(body), bytes.subarray(-SHA1_LENGTH))) {
    return undefined;
  }
  try {
    const record = decodeBencode(body);
    if (!isDictionary(record) || record.version !== VERSION) return undefined;
    const { files, pieces, "info hash": infoHash } = record;
    if (
      !(files instanceof Uint8Array) || !(pieces instanceof Uint8Array) ||
      !(infoHash instanceof Uint8Array) ||
      !isEqual(infoHash, identifierToBytes(torrent.infoHash)) ||
      files.length !== torrent.files.length * STAMP_LENGTH
    ) return undefined;
    return {
      have: Bitfield.fromBytes(pieces, torrent.geometry.pieceCount),
      stamps: stampsIn(files),
    };
  } catch (error) {
    // No bencode, or a bitfield of another length.
    if (error instanceof BencodeError || error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

/** The pieces of which a record still tells the truth. */
export interface KnownPieces {
  /** Those that need not be looked at. */
  readonly known: Bitfield;
  /** Which of them are stored and right. */
  readonly have: Bitfield;
}

/** What a record is worth, the files being as they are now. */
export function knownPieces(
  torrent: Torrent,
  { have, stamps }: ResumeRecord,
  now: readonly (FileStamp | undefined)[],
): KnownPieces {
  const { geometry, files } = torrent;
  const isAsItWas = files.map((file, index) =>
    file.isPadding || isUnmodified(stamps[index], now[index])
  );
  const spans = new FileSpans(files);
  const known = new Bitfield(geometry.pieceCount);
  const right = new Bitfield(geometry.pieceCount);
  for (let piece = 0; piece < geometry.pieceCount; piece++) {
    const isKnown = spans.at(
      geometry.pieceOffset(piece),
      geometry.pieceLengthAt(piece),
    ).every(({ fileIndex }) => isAsItWas[fileIndex]);
    if (!isKnown) continue;
    known.add(piece);
    if (have.has(piece)) right.add(piece);
  }
  return { known, have: right };
}

function stampsIn(bytes: Uint8Array): (FileStamp | undefined)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / STAMP_LENGTH }, (_, index) => {
    const size = view.getFloat64(index * STAMP_LENGTH);
    const modifiedMs = view.getFloat64(index * STAMP_LENGTH + 8);
    return size < 0 ? undefined : { size, modifiedMs: modifiedMs || undefined };
  });
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length &&
    left.every((byte, index) => byte === right[index]);
}
