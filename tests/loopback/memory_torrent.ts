/**
 * Torrents and their content in memory, made and parsed as the programs do.
 */
import {
  buildTorrent,
  MemoryStorage,
  parseTorrent,
  sha1,
  type Torrent,
} from "../../lib/mod.ts";
import { seededRandom } from "../../lib/base/random.ts";
import { hashPieces } from "../core/disk/sample_torrent.ts";

export interface MemoryTorrent {
  readonly torrent: Torrent;
  /** Never changed. */
  readonly content: Uint8Array;
}

export interface MemoryTorrentOptions {
  /** The content depends on it. @default {"content.bin"} */
  readonly name?: string;
  /** In bytes. */
  readonly length: number;
  /** In bytes. @default {65536} */
  readonly pieceLength?: number;
  /** Tracker URLs. @default {[]} */
  readonly announce?: readonly string[];
}

export async function memoryTorrent(
  options: MemoryTorrentOptions,
): Promise<MemoryTorrent> {
  const { name = "content.bin", length, pieceLength = 65_536 } = options;
  const content = makeContent(name, length);
  const bytes = buildTorrent({
    name,
    content: { type: "file", length },
    pieceLength,
    pieceHashes: hashPieces(content, pieceLength),
    announce: options.announce ?? [],
  });
  return { torrent: await parseTorrent(bytes, { sha1 }), content };
}

/** A storage with all of the content. */
export function fullStorage({ content }: MemoryTorrent): MemoryStorage {
  return new MemoryStorage(content.slice());
}

/** Each run of this length differs from all others, so that each piece does. */
const CHUNK_LENGTH = 16_384;

/** Content that depends on name and length alone. */
export function makeContent(
  name: string,
  length: number,
): Uint8Array<ArrayBuffer> {
  let seed = length;
  for (const character of name) {
    seed = (seed * 31 + character.codePointAt(0)!) >>> 0;
  }
  const random = seededRandom(seed);
  const chunk = Uint8Array.from({ length: CHUNK_LENGTH }, () => random() * 256);
  const numberInChunk = new DataView(chunk.buffer);
  const content = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += CHUNK_LENGTH) {
    // Behind the first bytes, so that short content still depends on its name.
    numberInChunk.setUint32(8, offset);
    content.set(chunk.subarray(0, length - offset), offset);
  }
  return content;
}
