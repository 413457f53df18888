/**
 * Stores pieces: hashes a piece in memory, writes it only if the hash matches, and then
 * has the files named that the piece completes. Measures the time of this work, for each
 * piece, not for each block.
 *
 * @module
 */
import type { TransferProgress } from "../announce/announce.ts";
import type { Bitfield } from "../base/bitfield.ts";
import type { PeerId } from "../base/identifier.ts";
import { isPieceHash } from "../disk/hash_content.ts";
import type { Storage } from "../disk/storage.ts";
import type { PieceHasher } from "../disk/worker_hasher.ts";
import { FileSpans } from "../metainfo/file_spans.ts";
import {
  PIECE_HASH_LENGTH,
  type Torrent,
  type TorrentFile,
} from "../metainfo/torrent.ts";
import type { PieceBytes, SwarmEvent } from "../swarm/events.ts";
import type { Swarm } from "../swarm/swarm.ts";

/** Time without a block after which a peer is stalled, as after lost packets, in milliseconds. */
const STALLED_MS = 150;
/** Time without a block after which a peer is gone rather than stalled, in milliseconds. */
const GONE_MS = 3_000;

/** The work of a torrent so far, and what its peers do now. */
export interface TransferLoad {
  /** Time in which pieces were hashed, and written if a worker wrote them, in milliseconds. */
  readonly hashingMs: number;
  /** Time in which pieces were written by this thread, in milliseconds. */
  readonly writingMs: number;
  /** Content received so far, in bytes. */
  readonly receivedBytes: number;
  /** Content received from the peer `from`, in bytes; 0 without `from`. */
  readonly sourceBytes: number;
  /** Connected peers. */
  readonly peerCount: number;
  /** Peers that have pieces that we lack. */
  readonly sourceCount: number;
  /** Peers with outstanding requests, except peers without a block for 3 s. */
  readonly owingCount: number;
  /** Peers with outstanding requests that sent no block for 150 ms to 3 s. */
  readonly stalledCount: number;
}

interface PieceStoreOptions {
  readonly storage: Storage;
  readonly hasher: PieceHasher;
  readonly swarm: Swarm;
}

export class PieceStore {
  readonly #torrent: Torrent;
  readonly #options: PieceStoreOptions;
  readonly #hashing = new BusyTime();
  readonly #writing = new BusyTime();
  /** Bytes of padding in each piece; `undefined` without padding. */
  readonly #padding: Uint32Array | undefined;
  /** Verified pieces whose files may still get their names. */
  #namingCount = 0;

  constructor(torrent: Torrent, options: PieceStoreOptions) {
    this.#torrent = torrent;
    this.#options = options;
    this.#padding = paddingOf(torrent);
  }

  /** True if every wanted piece is stored, and every file has its name. */
  get isComplete(): boolean {
    return this.#options.swarm.isDone && this.#namingCount === 0;
  }

  /** Bytes of content in these pieces, without padding. */
  contentLength(pieces: Bitfield): number {
    let length = this.#torrent.geometry.lengthOf(pieces);
    for (const [index, padding] of this.#padding?.entries() ?? []) {
      if (padding > 0 && pieces.has(index)) length -= padding;
    }
    return length;
  }

  /** The progress that is announced to trackers. */
  get progress(): TransferProgress {
    const { have, traffic: { uploaded, downloaded } } = this.#options.swarm;
    const { geometry } = this.#torrent;
    const left = geometry.length - geometry.lengthOf(have);
    return { uploaded, downloaded, left };
  }

  /** Makes the storage ready; later calls wait for the first. @throws {StorageError} */
  async begin(): Promise<void> {
    const { storage, swarm } = this.#options;
    await storage.begin?.(swarm.have);
  }

  /**
   * Hashes a piece in memory and stores it only if it matches. No other code stores
   * content. The swarm bounds the number of pieces in this step.
   * @throws {StorageError} If the disk refuses.
   */
  async check(
    { index, bytes: piece }: PieceBytes,
  ): Promise<Extract<SwarmEvent, PieceBytes>> {
    const { geometry, pieceHashes } = this.#torrent;
    const { storage, hasher } = this.#options;
    const offsetInTorrent = geometry.pieceOffset(index);
    const start = index * PIECE_HASH_LENGTH;
    const { bytes, hash, isWritten } = await this.#hashing.during(() =>
      hasher.hash(piece, {
        range: { offsetInTorrent, length: piece.length },
        expected: pieceHashes.slice(start, start + PIECE_HASH_LENGTH),
        lend: async (range, use) => {
          await this.begin();
          return await (storage.lend?.(range, use) ?? use());
        },
      })
    );
    if (!isPieceHash(this.#torrent, index, hash)) {
      return { type: "pieceCorrupt", index, bytes };
    }
    await this.begin();
    if (!isWritten) {
      await this.#writing.during(() => storage.write(offsetInTorrent, bytes));
    }
    // Before the swarm counts the torrent as complete.
    this.#namingCount++;
    return { type: "pieceVerified", index, bytes };
  }

  /**
   * Waits until the files that a verified piece completes have their names.
   * @returns The paths of those files, and whether they complete the torrent.
   * @throws {StorageError} If the disk refuses.
   */
  async nameFiles(
    index: number,
  ): Promise<{ paths: TorrentFile["path"][]; areLast: boolean }> {
    const named = await this.#options.storage.named?.(index) ?? [];
    this.#namingCount--;
    const paths = named.map((file) => this.#torrent.files[file]!.path);
    return { paths, areLast: this.isComplete };
  }

  /** The work so far. @param from The peer whose content is counted. @default none */
  load(from?: PeerId): TransferLoad {
    const { swarm } = this.#options;
    const { peers, traffic: { downloaded: receivedBytes } } = swarm;
    const now = performance.now();
    let [sourceCount, owingCount, stalledCount] = [0, 0, 0];
    for (const { source: { weAreInterested, requests } } of peers.values()) {
      if (weAreInterested) sourceCount++;
      const silentMs = now - requests.lastProgressAt;
      if (requests.size === 0 || silentMs > GONE_MS) continue;
      owingCount++;
      if (silentMs > STALLED_MS) stalledCount++;
    }
    return {
      hashingMs: this.#hashing.sumMs(now),
      writingMs: this.#writing.sumMs(now),
      receivedBytes,
      sourceBytes: from === undefined ? 0 : swarm.receivedFrom(from),
      ...{ peerCount: peers.size, sourceCount, owingCount, stalledCount },
    };
  }
}

/** The time in which at least one task ran: overlapping tasks count once. */
class BusyTime {
  #count = 0;
  #sinceMs = 0;
  #sumMs = 0;

  async during<T>(task: () => Promise<T>): Promise<T> {
    if (this.#count++ === 0) this.#sinceMs = performance.now();
    try {
      return await task();
    } finally {
      if (--this.#count === 0) this.#sumMs += performance.now() - this.#sinceMs;
    }
  }

  sumMs(now: number): number {
    return this.#sumMs + (this.#count > 0 ? now - this.#sinceMs : 0);
  }
}

function paddingOf({ files, geometry }: Torrent): Uint32Array | undefined {
  if (!files.some(({ isPadding }) => isPadding)) return undefined;
  const spans = new FileSpans(files);
  return Uint32Array.from(
    { length: geometry.pieceCount },
    (_, index) =>
      spans.at(geometry.pieceOffset(index), geometry.pieceLengthAt(index))
        .filter(({ fileIndex }) => files[fileIndex]!.isPadding)
        .reduce((sum, { length }) => sum + length, 0),
  );
}
