/**
 * A tracker's peers in memory, and beside them a file of SQLite with its torrents
 * and their counts of downloads, which survive a restart. The peers come back by
 * themselves, with their next announce.
 *
 * No announce waits for the disk. Changes are written once a second, a part
 * at a time, and at the end; a file that fails is reported once and tried again.
 *
 * @module
 */
import { StoreError } from "../../base/errors.ts";
import type { InfoHash } from "../../base/identifier.ts";
import { MemoryStore } from "./memory_store.ts";
import type {
  AnnounceOutcome,
  OpenStoreOptions,
  PeerAnnounce,
  StoreListener,
} from "./peer_store.ts";
import { type StoredTorrent, TorrentDatabase } from "./torrent_database.ts";

const WRITE_INTERVAL_MS = 1_000;
/** Most torrents of one transaction, as nothing else is done meanwhile: 500 took 14 ms. */
const BATCH_SIZE = 100;
/** Most torrents that are remembered; the least recently seen is forgotten first. */
const MAX_TORRENT_COUNT = 100_000;
/** Time after which it is written again that a torrent is in use. */
const LAST_SEEN_STEP_SECONDS = 3_600;

export class SqliteStore extends MemoryStore {
  readonly #path: string;
  readonly #database: TorrentDatabase;
  readonly #onEvent: StoreListener;
  /** Torrents as they are in the file, the least recently written first. */
  readonly #written = new Map<InfoHash, StoredTorrent>();
  readonly #changed = new Set<InfoHash>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasFailed = false;
  #isClosed = false;

  private constructor(
    path: string,
    database: TorrentDatabase,
    { onEvent = () => {}, ...options }: OpenStoreOptions,
  ) {
    super(options, {
      maxPastCount: MAX_TORRENT_COUNT,
      keepsUndownloaded: true,
    });
    this.#path = path;
    this.#database = database;
    this.#onEvent = onEvent;
    for (const torrent of database.torrents()) {
      this.#written.set(torrent.infoHash, torrent);
      this.table.restore(torrent);
    }
    this.#wait(WRITE_INTERVAL_MS);
  }

  /**
   * Opens the file at a path; creates it if there is none. An open store needs no
   * permission to read or write any more.
   * @throws {StoreError} If it cannot be used.
   */
  static open(path: string, options: OpenStoreOptions): SqliteStore {
    const database = TorrentDatabase.open(path);
    try {
      return new SqliteStore(path, database, options);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  override announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const outcome = super.announce(announce, nowMs);
    if (outcome.type === "accepted" && announce.event !== "stopped") {
      const { infoHash } = announce;
      const written = this.#written.get(infoHash);
      const { contentLength = 0 } = this.table.torrent(infoHash) ?? {};
      if (
        written === undefined || contentLength > written.contentLength ||
        nowSeconds() - written.lastSeenSeconds >= LAST_SEEN_STEP_SECONDS
      ) this.#changed.add(infoHash);
    }
    return outcome;
  }

  override [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      clearTimeout(this.#timer);
      while (this.#write());
      this.#try(() => this.#database.close());
    }
    return Promise.resolve();
  }

  protected override onDownload(infoHash: InfoHash): void {
    this.#changed.add(infoHash);
  }

  #wait(delayMs: number): void {
    this.#timer = setTimeout(() => {
      const hasMore = this.#write();
      this.#wait(hasMore ? 0 : WRITE_INTERVAL_MS);
    }, delayMs);
  }

  /** Writes a part of what changed. @returns Whether there is more to write now. */
  #write(): boolean {
    const infoHashes = this.#changed.values().take(BATCH_SIZE).toArray();
    if (infoHashes.length === 0) return false;
    const torrents = infoHashes.map((infoHash) => this.#describe(infoHash));
    const count = this.#written.size +
      infoHashes.filter((infoHash) => !this.#written.has(infoHash)).length;
    const forgotten = this.#written.keys().filter((infoHash) =>
      !this.#changed.has(infoHash)
    ).take(Math.max(0, count - MAX_TORRENT_COUNT)).toArray();
    if (!this.#try(() => this.#database.write(torrents, forgotten))) {
      return false;
    }
    if (this.#hasFailed) {
      this.#hasFailed = false;
      const message = `${this.#path} is written again`;
      this.#onEvent({ type: "recovered", message });
    }
    for (const infoHash of forgotten) this.#written.delete(infoHash);
    for (const torrent of torrents) {
      this.#changed.delete(torrent.infoHash);
      this.#written.delete(torrent.infoHash);
      this.#written.set(torrent.infoHash, torrent);
    }
    return this.#changed.size > 0;
  }

  #describe(infoHash: InfoHash): StoredTorrent {
    const { downloadCount = 0, contentLength = 0 } =
      this.table.torrent(infoHash) ?? this.#written.get(infoHash) ?? {};
    return {
      infoHash,
      downloadCount,
      // A value that is no number of bytes would be refused by the file, with all else.
      contentLength: Number.isSafeInteger(contentLength) ? contentLength : 0,
      lastSeenSeconds: nowSeconds(),
    };
  }

  /** Reports a failure of the file, once. @returns False if it fails. */
  #try(use: () => void): boolean {
    try {
      use();
      return true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (!this.#hasFailed) this.#onEvent({ type: "failed", error });
      this.#hasFailed = true;
      return false;
    }
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
