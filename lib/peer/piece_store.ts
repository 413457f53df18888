/**
 * The way of a piece onto the disk: hashed in memory, written only if it matches, and
 * then the files that it completes get their names. Knows no peers.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import type { PeerId } from "../base/identifier.ts";
import { isPieceHash } from "../disk/hash_content.ts";
import type { Storage } from "../disk/storage.ts";
import type { PieceHasher } from "../disk/worker_hasher.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import type { PieceBytes } from "../swarm/events.ts";
import type { Swarm } from "../swarm/swarm.ts";
import { LoadMeter, type TransferLoad } from "./transfer_load.ts";

/** The result of a hash check, for the swarm. */
export type CheckedPiece = PieceBytes & {
  readonly type: "pieceVerified" | "pieceCorrupt";
};

/** Files that are complete now. */
export interface NamedFiles {
  readonly paths: readonly (readonly string[])[];
  /** True once: all others have their names. */
  readonly areLast: boolean;
}

/** Stores the pieces of one torrent. */
export class PieceStore {
  readonly #torrent: Torrent;
  readonly #storage: Storage;
  readonly #hasher: PieceHasher;
  readonly #swarm: Swarm;
  readonly #load = new LoadMeter();
  /** Bytes of padding in each piece; `undefined` without padding. */
  readonly #padding: Uint32Array | undefined;
  /** Verified pieces whose files may still get their names. */
  #namingCount = 0;

  constructor(torrent: Torrent, options: {
    readonly storage: Storage;
    readonly hasher: PieceHasher;
    readonly swarm: Swarm;
  }) {
    this.#torrent = torrent;
    this.#storage = options.storage;
    this.#hasher = options.hasher;
    this.#swarm = options.swarm;
    this.#padding = paddingOf(torrent);
  }

  /** True if every wanted piece is stored, and every file has its name. */
  get isComplete(): boolean {
    return this.#swarm.isDone && this.#namingCount === 0;
  }

  /** Bytes of content in these pieces, without padding. */
  contentLength(pieces: Bitfield): number {
    let length = this.#torrent.geometry.lengthOf(pieces);
    for (const [index, padding] of this.#padding?.entries() ?? []) {
      if (padding > 0 && pieces.has(index)) length -= padding;
    }
    return length;
  }

  /** Makes the storage ready; later calls wait for the first. @throws {StorageError} */
  async begin(): Promise<void> {
    await this.#storage.begin?.(this.#swarm.have);
  }

  /**
   * Hashes a piece in memory and stores it only if it matches: the one way onto the
   * disk. The swarm bounds the pieces that are under way.
   * @throws {StorageError} If the disk refuses.
   */
  async check({ index, bytes: piece }: PieceBytes): Promise<CheckedPiece> {
    const { bytes, hash } = await this.#load.hash(this.#hasher, piece);
    if (!isPieceHash(this.#torrent, index, hash)) {
      return { type: "pieceCorrupt", index, bytes };
    }
    await this.begin();
    const offset = this.#torrent.geometry.pieceOffset(index);
    await this.#load.write(this.#storage, offset, bytes);
    // Before the swarm takes the torrent for complete.
    this.#namingCount++;
    return { type: "pieceVerified", index, bytes };
  }

  /**
   * Waits until the files that a verified piece completes have their names.
   * @returns The paths of those files, and whether the torrent is complete by them.
   * @throws {StorageError} If the disk refuses.
   */
  async nameFiles(index: number): Promise<NamedFiles> {
    const named = await this.#storage.named?.(index) ?? [];
    this.#namingCount--;
    const paths = named.map((file) => this.#torrent.files[file]!.path);
    return { paths, areLast: this.isComplete };
  }

  /** The work so far. @param from The peer whose content is counted. @default none */
  load(from?: PeerId): TransferLoad {
    return this.#load.describe(this.#swarm, from);
  }
}

function paddingOf(
  { files, geometry: { pieceCount, pieceLength } }: Torrent,
): Uint32Array | undefined {
  if (!files.some(({ isPadding }) => isPadding)) return undefined;
  const padding = new Uint32Array(pieceCount);
  let end = 0;
  for (const { isPadding, length } of files) {
    let start = end;
    end += length;
    while (isPadding && start < end) {
      const index = Math.floor(start / pieceLength);
      const pieceEnd = Math.min(end, (index + 1) * pieceLength);
      padding[index]! += pieceEnd - start;
      start = pieceEnd;
    }
  }
  return padding;
}
