/**
 * A tracker's peers in memory, and beside them a file of SQLite with what is to
 * survive a restart: its torrents and how often each was completed. The peers
 * come back by themselves, with their next announce.
 *
 * No announce waits for the disk. What changed is written each second, a part at
 * a time, and at the end; a file that fails is told of once and tried again.
 *
 * @module
 */
import { StoreError } from "../../base/errors.ts";
import type { InfoHash } from "../../base/identifier.ts";
import type { ScrapeEntry } from "../../announce/announce.ts";
import { MemoryStore, type MemoryStoreOptions } from "./memory_store.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  PeerDetails,
  PeerStore,
  StoreListener,
  StoreTotals,
  SwarmChange,
  SwarmSummary,
} from "./peer_store.ts";
import { TorrentDatabase } from "./torrent_database.ts";
import { TorrentMemory } from "./torrent_memory.ts";

/** How often what changed is written, in milliseconds. */
const WRITE_INTERVAL_MS = 1_000;

/**
 * Most torrents of one transaction, as nothing else is done meanwhile: 500 took
 * 14 ms on a busy machine.
 */
const BATCH_SIZE = 100;

/** How a {@linkcode SqliteStore} is set up. */
export interface SqliteStoreOptions extends MemoryStoreOptions {
  /** Hears when the file fails and when it works again. */
  readonly onEvent?: StoreListener;
}

/** A {@linkcode PeerStore} whose torrents and counts survive. */
export class SqliteStore implements PeerStore {
  readonly #path: string;
  readonly #database: TorrentDatabase;
  readonly #torrents: TorrentMemory;
  readonly #peers: MemoryStore;
  readonly #onEvent: StoreListener;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasFailed = false;
  #isClosed = false;

  private constructor(
    path: string,
    database: TorrentDatabase,
    options: SqliteStoreOptions,
  ) {
    this.#path = path;
    this.#database = database;
    this.#torrents = new TorrentMemory(database.torrents());
    const { onEvent = () => {}, onChange = () => {}, ...rest } = options;
    this.#onEvent = onEvent;
    this.#peers = new MemoryStore({
      ...rest,
      onChange: (change) => onChange(this.#counted(change)),
    });
    this.#wait(WRITE_INTERVAL_MS);
  }

  /**
   * Opens the file at a path, made if it is not there. Once it is open no
   * permission to read or write is needed any more.
   * @throws {StoreError} If it cannot be used.
   */
  static open(path: string, options: SqliteStoreOptions): SqliteStore {
    const database = TorrentDatabase.open(path);
    try {
      return new SqliteStore(path, database, options);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  announce(announce: PeerAnnounce, nowMs: number): AnnounceOutcome {
    const outcome = this.#peers.announce(announce, nowMs);
    if (outcome.type === "refused") return outcome;
    const { infoHash, event, progress } = announce;
    if (event !== "stopped") {
      this.#torrents.see(infoHash, progress.left, nowSeconds());
    }
    return { ...outcome, swarm: this.#lasting(outcome.swarm) };
  }

  scrape(infoHashes: readonly InfoHash[]): ScrapeEntry[] {
    const found = new Map(
      this.#peers.scrape(infoHashes).map((entry) => [entry.infoHash, entry]),
    );
    return infoHashes.flatMap((infoHash) => {
      const entry = found.get(infoHash);
      if (entry !== undefined) return [this.#lasting(entry)];
      return this.#torrents.get(infoHash) === undefined
        ? []
        : [this.#lasting(emptySwarm(infoHash))];
    });
  }

  *swarms(): Generator<SwarmSummary> {
    const told = new Set<InfoHash>();
    for (const swarm of this.#peers.swarms()) {
      told.add(swarm.infoHash);
      yield {
        ...this.#lasting(swarm),
        contentLength: this.#torrents.get(swarm.infoHash)?.contentLength ??
          swarm.contentLength,
      };
    }
    for (const { infoHash, contentLength } of this.#torrents.values()) {
      if (told.has(infoHash)) continue;
      const swarm = { ...emptySwarm(infoHash), bytesPerSecond: 0 };
      yield { ...this.#lasting(swarm), contentLength };
    }
  }

  totals(): StoreTotals {
    return {
      ...this.#peers.totals(),
      downloadCount: this.#torrents.downloadCount,
    };
  }

  peers(infoHash: InfoHash, limit: number): PeerDetails[] {
    return this.#peers.peers(infoHash, limit);
  }

  expire(nowMs: number): boolean {
    return this.#peers.expire(nowMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    while (this.#write());
    this.#close();
    await this.#peers[Symbol.asyncDispose]();
  }

  /** Counts a completed download before it is told of. */
  #counted(change: SwarmChange): SwarmChange {
    if (change.type === "completed") {
      this.#torrents.complete(change.swarm.infoHash, nowSeconds());
    }
    return { ...change, swarm: this.#lasting(change.swarm) };
  }

  /** A swarm with the count that outlives it. */
  #lasting<T extends ScrapeEntry>(swarm: T): T {
    const downloaded = this.#torrents.get(swarm.infoHash)?.downloadCount ?? 0;
    return { ...swarm, downloaded };
  }

  #wait(delayMs: number): void {
    this.#timer = setTimeout(() => {
      const hasMore = this.#write();
      this.#wait(hasMore ? 0 : WRITE_INTERVAL_MS);
    }, delayMs);
  }

  /** Writes a part of what changed. @returns Whether more is to be written now. */
  #write(): boolean {
    if (!this.#torrents.hasChanges) return false;
    const batch = this.#torrents.unwritten(BATCH_SIZE);
    try {
      this.#database.write(batch.torrents, batch.forgotten);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#torrents.markWritten(batch);
    if (this.#hasFailed) {
      this.#hasFailed = false;
      const message = `${this.#path} is written again`;
      this.#onEvent({ type: "recovered", message });
    }
    return this.#torrents.hasChanges;
  }

  #close(): void {
    try {
      this.#database.close();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @throws What is no failure of the file. */
  #fail(error: unknown): void {
    if (!(error instanceof StoreError)) throw error;
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#onEvent({ type: "failed", error });
  }
}

function emptySwarm(infoHash: InfoHash): ScrapeEntry {
  return { infoHash, complete: 0, incomplete: 0, downloaded: 0 };
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
