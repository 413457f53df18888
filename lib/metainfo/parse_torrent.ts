/**
 * Parses torrent files. For any bytes the outcome is a {@linkcode Torrent} that
 * fulfils every invariant of its type, or a {@linkcode MetainfoError} that names
 * the field.
 *
 * @module
 */
import { infoHashFromBytes } from "../base/identifier.ts";
import {
  BencodeError,
  type BencodeLimits,
  type DecodedBencode,
  isDictionary,
  readBencode,
} from "../bencode/decode.ts";
import { requestedUrl } from "../base/clean_text.ts";
import { FieldReader, readTextList } from "./field_reader.ts";
import { Geometry, MAX_PIECE_LENGTH } from "./geometry.ts";
import { MetainfoError } from "./metainfo_error.ts";
import { parseFiles, parseName } from "./parse_files.ts";
import type { Platform } from "./safe_path.ts";
import { PIECE_HASH_LENGTH, type Sha1, type Torrent } from "./torrent.ts";

/** A file takes 7 items and its path: enough for 500,000 files. */
const LIMITS: BencodeLimits = { maxDepth: 64, maxItems: 5_000_000 };

/** Options of {@linkcode parseTorrent}. */
export interface ParseTorrentOptions {
  /** Computes the info hash. */
  readonly sha1: Sha1;
  /**
   * The platform whose path rules apply, the one that will store the files.
   * @default {"linux"}
   */
  readonly platform?: Platform;
}

/**
 * Parses a torrent file. [BEP 3, 12, 27, 47; the version 1 half of hybrids of
 * BEP 52] The result holds no view of `bytes`.
 * @throws {MetainfoError} If it is invalid, or of version 2 only.
 */
export async function parseTorrent(
  bytes: Uint8Array,
  options: ParseTorrentOptions,
): Promise<Torrent> {
  const { top, raw } = readTopLevel(bytes);
  const info = top.dictionary("info");
  const rawInfo = raw.get("info")!;
  if (info.has("meta version") && !info.has("pieces")) {
    throw new MetainfoError(
      "info.meta version",
      "torrents of version 2 only are not supported",
    );
  }
  const platform = options.platform ?? "linux";
  const name = parseName(info, platform);
  const files = parseFiles(info, name, platform);
  const geometry = parseGeometry(
    info,
    files.reduce((sum, file) => sum + file.length, 0),
  );
  const hashes = parsePieceHashes(info, geometry);
  const hashesAt = hashes.byteOffset - rawInfo.byteOffset;
  const infoCopy = rawInfo.slice();
  return {
    infoHash: infoHashFromBytes(await options.sha1(infoCopy)),
    info: infoCopy,
    name,
    isFolder: info.has("files"),
    files,
    geometry,
    pieceHashes: infoCopy.subarray(hashesAt, hashesAt + hashes.length),
    isPrivate: info.optionalInteger("private") === 1,
    announce: parseAnnounce(top),
    comment: top.optionalText("comment"),
    createdBy: top.optionalText("created by"),
    creationDate: top.optionalInteger("creation date"),
  };
}

function readTopLevel(
  bytes: Uint8Array,
): { top: FieldReader; raw: DecodedBencode["raw"] } {
  let decoded: DecodedBencode;
  try {
    decoded = readBencode(bytes, LIMITS);
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new MetainfoError(
      "torrent",
      `is not bencode: ${error.reason} at byte ${error.offset}`,
      { cause: error },
    );
  }
  const { value, raw } = decoded;
  if (isDictionary(value)) return { top: new FieldReader(value, ""), raw };
  throw new MetainfoError("torrent", "is not a dictionary");
}

function parseGeometry(info: FieldReader, length: number): Geometry {
  const pieceLength = info.integer("piece length", 1);
  if (pieceLength > MAX_PIECE_LENGTH) {
    throw new MetainfoError(
      info.field("piece length"),
      `is ${pieceLength}, above ${MAX_PIECE_LENGTH}`,
    );
  }
  return new Geometry(length, pieceLength);
}

function parsePieceHashes(info: FieldReader, geometry: Geometry): Uint8Array {
  const hashes = info.bytes("pieces");
  const field = info.field("pieces");
  if (hashes.length % PIECE_HASH_LENGTH !== 0) {
    throw new MetainfoError(
      field,
      `is ${hashes.length} bytes, not a multiple of ${PIECE_HASH_LENGTH}`,
    );
  }
  if (hashes.length !== geometry.pieceCount * PIECE_HASH_LENGTH) {
    throw new MetainfoError(
      field,
      `holds ${
        hashes.length / PIECE_HASH_LENGTH
      } hashes, but the content has ${geometry.pieceCount} pieces`,
    );
  }
  return hashes;
}

/** `announce-list` takes precedence over `announce`. [BEP 12] URLs as they are requested. */
function parseAnnounce(top: FieldReader): string[][] {
  const announce = requestedUrl(top.optionalText("announce") ?? "");
  if (top.has("announce-list")) {
    const field = top.field("announce-list");
    const tiers = top.list("announce-list")
      .map((tier, index) => readTextList(tier, `${field}[${index}]`))
      .map((tier) => tier.map(requestedUrl).filter((url) => url !== ""))
      .filter((tier) => tier.length > 0);
    if (tiers.length > 0) return tiers;
  }
  return announce === "" ? [] : [[announce]];
}
