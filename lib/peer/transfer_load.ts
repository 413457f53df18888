/**
 * The load of one torrent: the time that its pieces spend in hashing and on the way to
 * the disk, and the peers that keep it waiting. Measured for each piece, not for each
 * block.
 *
 * @module
 */
import type { PeerId } from "../base/identifier.ts";
import type { HashedPiece, PieceHasher } from "../disk/worker_hasher.ts";
import type { Storage } from "../disk/storage.ts";
import type { Swarm } from "../swarm/swarm.ts";

/** Time without a block after which a peer is stalled, as after lost packets, in milliseconds. */
const STALLED_MS = 150;
/** Time without a block after which a peer is gone rather than stalled, in milliseconds. */
const GONE_MS = 3_000;

/** The work of a torrent so far, and what its peers do now. */
export interface TransferLoad {
  /** Time in which pieces were hashed, in milliseconds. */
  readonly hashingMs: number;
  /** Time in which pieces were written, in milliseconds. */
  readonly writingMs: number;
  /** Content received so far, in bytes. */
  readonly receivedBytes: number;
  /** That of the peer that was asked about; 0 if none was. */
  readonly sourceBytes: number;
  /** Connected peers. */
  readonly peerCount: number;
  /** Peers that have pieces that we lack. */
  readonly sourceCount: number;
  /** Peers that owe us blocks. */
  readonly owingCount: number;
  /** Those of them that have sent none for 150 ms, and not for 3 s. */
  readonly stalledCount: number;
}

/** Measures the load of one torrent. */
export class LoadMeter {
  readonly #hashing = new BusyTime();
  readonly #writing = new BusyTime();

  /** Hashes a piece. */
  hash(
    hasher: PieceHasher,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<HashedPiece> {
    return this.#hashing.during(() => hasher.hash(bytes));
  }

  /** Writes a piece. @throws {StorageError} If the disk refuses. */
  write(
    storage: Storage,
    offsetInTorrent: number,
    bytes: Uint8Array,
  ): Promise<void> {
    return this.#writing.during(() => storage.write(offsetInTorrent, bytes));
  }

  /** The load so far. @param from The peer whose content is counted. @default none */
  describe(swarm: Swarm, from?: PeerId): TransferLoad {
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

/** The time in which at least one task was under way: those that overlap count once. */
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
