/**
 * What is remembered of torrents for longer than their peers stay, and which of
 * it is not written down yet. Invariant: a torrent is here at most once, and in
 * the order of when it was last seen, to about an hour.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type { StoredTorrent } from "./torrent_database.ts";

/** Most torrents that are remembered; the least recently seen is forgotten first. */
const MAX_TORRENT_COUNT = 100_000;

/** That a torrent is still in use is written down so often, in seconds. */
const LAST_SEEN_STEP_SECONDS = 3_600;

/** Something that is to be written. */
export interface UnwrittenTorrents {
  readonly torrents: readonly StoredTorrent[];
  /** Those to be forgotten. */
  readonly forgotten: readonly InfoHash[];
}

/** Torrents by info hash. */
export class TorrentMemory {
  readonly #torrents = new Map<InfoHash, StoredTorrent>();
  readonly #changed = new Set<InfoHash>();
  readonly #forgotten = new Set<InfoHash>();
  #downloadCount = 0;

  /** @param torrents Those that are written down, the least recently seen first. */
  constructor(torrents: Iterable<StoredTorrent>) {
    for (const torrent of torrents) this.#put(torrent);
    this.#changed.clear();
  }

  /** Of all torrents together. */
  get downloadCount(): number {
    return this.#downloadCount;
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0 || this.#forgotten.size > 0;
  }

  get(infoHash: InfoHash): StoredTorrent | undefined {
    return this.#torrents.get(infoHash);
  }

  values(): Iterable<StoredTorrent> {
    return this.#torrents.values();
  }

  /** Notes that a torrent was announced by a peer that says to lack so many bytes. */
  see(infoHash: InfoHash, announcedLeft: number, nowSeconds: number): void {
    // What is no number of bytes would be refused by the file, with all else.
    const left = Number.isSafeInteger(announcedLeft) ? announcedLeft : 0;
    const known = this.#torrents.get(infoHash);
    if (
      known !== undefined && left <= (known.contentLength ?? 0) &&
      nowSeconds - known.lastSeenSeconds < LAST_SEEN_STEP_SECONDS
    ) return;
    this.#put({
      infoHash,
      downloadCount: known?.downloadCount ?? 0,
      contentLength: Math.max(left, known?.contentLength ?? 0) || undefined,
      lastSeenSeconds: nowSeconds,
    });
  }

  /** Counts a peer that completed a torrent. */
  complete(infoHash: InfoHash, nowSeconds: number): void {
    const known = this.#torrents.get(infoHash);
    this.#put({
      infoHash,
      downloadCount: (known?.downloadCount ?? 0) + 1,
      contentLength: known?.contentLength,
      lastSeenSeconds: nowSeconds,
    });
  }

  /** What is to be written next, at most `limit` torrents of each kind. */
  unwritten(limit: number): UnwrittenTorrents {
    return {
      torrents: this.#changed.values().take(limit)
        .map((infoHash) => this.#torrents.get(infoHash)!).toArray(),
      forgotten: this.#forgotten.values().take(limit).toArray(),
    };
  }

  /** What {@linkcode unwritten} gave was written; nothing was noted since. */
  markWritten({ torrents, forgotten }: UnwrittenTorrents): void {
    for (const { infoHash } of torrents) this.#changed.delete(infoHash);
    for (const infoHash of forgotten) this.#forgotten.delete(infoHash);
  }

  #put(torrent: StoredTorrent): void {
    const { infoHash } = torrent;
    const known = this.#torrents.get(infoHash);
    this.#downloadCount += torrent.downloadCount - (known?.downloadCount ?? 0);
    // At the end of the map: it is the most recently seen.
    this.#torrents.delete(infoHash);
    this.#torrents.set(infoHash, torrent);
    this.#changed.add(infoHash);
    this.#forgotten.delete(infoHash);
    if (this.#torrents.size > MAX_TORRENT_COUNT) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const [oldest] = this.#torrents.values();
    this.#torrents.delete(oldest!.infoHash);
    this.#downloadCount -= oldest!.downloadCount;
    this.#changed.delete(oldest!.infoHash);
    this.#forgotten.add(oldest!.infoHash);
  }
}
