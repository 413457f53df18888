/**
 * Parses torrent files. For any bytes the outcome is a {@linkcode Torrent} that
 * fulfils every invariant of its type, or a {@linkcode MetainfoError} that names
 * the field: every path is safe, no two collide, every link leads to a file or folder
 * of the torrent, and the total length is a safe integer.
 *
 * @module
 */
import { quote } from "../base/errors.ts";
import {
  IDENTIFIER_LENGTH,
  type InfoHash,
  infoHashFromBytes,
} from "../base/identifier.ts";
import {
  BencodeError,
  type BencodeLimits,
  type DecodedBencode,
  isDictionary,
  readBencode,
} from "../bencode/decode.ts";
import { requestedUrl } from "../base/clean_text.ts";
import { decodeText, FieldReader, readTextList } from "./field_reader.ts";
import { Geometry, MAX_PIECE_LENGTH } from "./geometry.ts";
import { LinkRules } from "./link_rules.ts";
import { MetainfoError } from "./metainfo_error.ts";
import {
  findComponentFault,
  findPathFault,
  PathSet,
  type Platform,
} from "./safe_path.ts";
import {
  MAX_HINTS,
  PIECE_HASH_LENGTH,
  type Sha1,
  type Torrent,
  type TorrentFile,
} from "./torrent.ts";

/** A file takes 7 items and its path: enough for 500,000 files. */
const LIMITS: BencodeLimits = { maxDepth: 64, maxItems: 5_000_000 };

/** Components of what a link leads to, below the torrent's folder. [BEP 47] */
const LINK_KEY = "symlink path";

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
 * Parses a torrent file. [BEP 3, 12, 27, 38, 47; the version 1 half of hybrids of
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
    const reason = "torrents of version 2 only are not supported";
    throw info.fault("meta version", reason);
  }
  const platform = options.platform ?? "linux";
  const name = parseName(info, platform);
  const files = parseFiles(info, name, platform);
  const length = files.reduce((sum, file) => sum + file.length, 0);
  const geometry = parseGeometry(info, length);
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
    similar: parseSimilar([info, top]),
    collections: parseCollections([info, top]),
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

/** The torrent's name. @throws {MetainfoError} If it is not a safe file name. */
function parseName(info: FieldReader, platform: Platform): string {
  const key = preferUtf8(info, "name");
  const name = info.text(key);
  const fault = findComponentFault(name, platform);
  if (fault === undefined) return name;
  throw info.fault(key, `${quote(name)} ${fault}`);
}

/**
 * The files: a single one called `name` from `length`, or those of a folder called
 * `name` from `files`.
 * @throws {MetainfoError} If a path or length is invalid.
 */
function parseFiles(
  info: FieldReader,
  name: string,
  platform: Platform,
): TorrentFile[] {
  if (!info.has("files")) {
    const length = info.integer("length", 0);
    const letters = info.optionalText("attr") ?? "";
    if (letters.includes("l")) {
      throw info.fault("attr", "says that the only file is a link");
    }
    const file = { path: [name], length, ...attributesOf(letters) };
    // Padding has nothing to pad here.
    return [{ ...file, isPadding: false }];
  }
  if (info.has("length")) {
    const reason = "is present beside files; a torrent has one of them";
    throw info.fault("length", reason);
  }
  const paths = new PathSet(platform);
  const files: TorrentFile[] = [];
  const links: { readonly entry: FieldReader; readonly file: TorrentFile }[] =
    [];
  let totalLength = 0;
  for (const entry of info.dictionaryList("files")) {
    const file = parseFile(entry, name, platform);
    totalLength += file.length;
    if (!Number.isSafeInteger(totalLength)) {
      throw entry.fault("length", "makes the total exceed 2^53");
    }
    // Padding never reaches the disk, and some clients reuse its paths.
    const collision = file.isPadding ? undefined : paths.add(file.path);
    if (collision !== undefined) {
      const path = quote(file.path.slice(1).join("/"));
      throw entry.fault("path", `${path} ${collision}`);
    }
    files.push(file);
    if (file.linkTarget !== undefined) links.push({ entry, file });
  }
  if (files.length === 0) throw info.fault("files", "is empty");
  const rules = links.length > 0 ? new LinkRules(files) : undefined;
  for (const { entry, file: { path, linkTarget } } of links) {
    const fault = rules!.findFault(path, linkTarget!);
    if (fault === undefined) continue;
    const target = quote(linkTarget!.slice(1).join("/"));
    throw entry.fault(LINK_KEY, `${target} ${fault}`);
  }
  return files;
}

function parseFile(
  entry: FieldReader,
  name: string,
  platform: Platform,
): TorrentFile {
  // Each letter is a property of the file. [BEP 47]
  const letters = entry.optionalText("attr") ?? "";
  const isLink = letters.includes("l");
  // Of a link, the length may be left out.
  const length = isLink && !entry.has("length")
    ? 0
    : entry.integer("length", 0);
  const key = preferUtf8(entry, "path");
  const path = entry.textList(key);
  const fault = findPathFault(path, platform);
  if (fault !== undefined) throw entry.fault(key, fault);
  const file = { path: [name, ...path], length, ...attributesOf(letters) };
  if (!isLink) return file;
  if (length > 0) throw entry.fault("length", `is ${length} for a link`);
  if (file.isPadding) throw entry.fault("attr", "says padding and link");
  const target = entry.textList(LINK_KEY);
  const targetFault = findPathFault(target, platform);
  if (targetFault !== undefined) throw entry.fault(LINK_KEY, targetFault);
  return { ...file, linkTarget: [name, ...target] };
}

/** The properties in the letters of `attr`; unknown ones are ignored. */
function attributesOf(
  letters: string,
): Pick<TorrentFile, "isPadding" | "isExecutable" | "isHidden"> {
  return {
    isPadding: letters.includes("p"),
    ...letters.includes("x") && { isExecutable: true },
    ...letters.includes("h") && { isHidden: true },
  };
}

/** Old clients wrote another encoding to `name` and UTF-8 to `name.utf-8`. */
function preferUtf8(reader: FieldReader, key: string): string {
  return reader.has(`${key}.utf-8`) ? `${key}.utf-8` : key;
}

function parseGeometry(info: FieldReader, length: number): Geometry {
  const pieceLength = info.integer("piece length", 1);
  if (pieceLength > MAX_PIECE_LENGTH) {
    const reason = `is ${pieceLength}, above ${MAX_PIECE_LENGTH}`;
    throw info.fault("piece length", reason);
  }
  return new Geometry(length, pieceLength);
}

function parsePieceHashes(info: FieldReader, geometry: Geometry): Uint8Array {
  const hashes = info.bytes("pieces");
  const count = hashes.length / PIECE_HASH_LENGTH;
  if (!Number.isInteger(count)) {
    const unit = `a multiple of ${PIECE_HASH_LENGTH}`;
    throw info.fault("pieces", `is ${hashes.length} bytes, not ${unit}`);
  }
  const { pieceCount } = geometry;
  if (count !== pieceCount) {
    const expected = `the content has ${pieceCount} pieces`;
    throw info.fault("pieces", `holds ${count} hashes, but ${expected}`);
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

/**
 * The info hashes of `similar`, of both dictionaries. [BEP 38] They are hints: malformed
 * ones are ignored.
 */
function parseSimilar(readers: readonly FieldReader[]): InfoHash[] {
  const hashes = readers.flatMap((reader) => reader.hints("similar", MAX_HINTS))
    .filter(({ length }) => length === IDENTIFIER_LENGTH)
    .map(infoHashFromBytes);
  return [...new Set(hashes)].slice(0, MAX_HINTS);
}

/** Longest name of a collection that is read, in bytes. */
const MAX_COLLECTION_LENGTH = 255;

/** The names of `collections`, the same way. */
function parseCollections(readers: readonly FieldReader[]): string[] {
  const names = readers
    .flatMap((reader) => reader.hints("collections", MAX_HINTS))
    .filter(({ length }) => length > 0 && length <= MAX_COLLECTION_LENGTH)
    .map(decodeText);
  return [...new Set(names)].slice(0, MAX_HINTS);
}
