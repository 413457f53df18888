/**
 * A tracker's peers in memory, and beside them a file of SQLite with its torrents
 * and their counts of downloads, which survive a restart. The peers come back by
 * themselves, with their next announce. The file is this tracker's alone while it is
 * open. A program that crashes loses its last second at most; a machine that loses its
 * power may lose the last moments, never the whole (`synchronous=NORMAL`).
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { dirname } from "@std/path";
// @ts-types="../../types/node_sqlite.d.ts"
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StoreError } from "../../base/errors.ts";
import {
  IDENTIFIER_LENGTH,
  identifierToBytes,
  type InfoHash,
  infoHashFromBytes,
} from "../../base/identifier.ts";
import { BackedStore, type RoundFailure } from "./backed_store.ts";
import type { OpenStoreOptions } from "./peer_store.ts";

/** Most torrents of one transaction, as nothing else is done meanwhile: 500 took 14 ms. */
const BATCH_SIZE = 100;
/** Most torrents that are remembered; the least recently seen is forgotten first. */
const MAX_TORRENT_COUNT = 100_000;
/** Torrents that are written before the excess is forgotten. */
const WRITES_PER_CLEANUP = 1_000;
/** Time after which it is written again that torrents are in use. */
const LAST_SEEN_STEP_SECONDS = 3_600;

/** "lswm": marks the databases of this program. */
const APPLICATION_ID = 0x6c_73_77_6d;
const LAYOUT_VERSION = 1;
const COUNT = `CHECK (# BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER})`;

const LAYOUT = `
CREATE TABLE torrent (
  info_hash BLOB PRIMARY KEY NOT NULL CHECK (length(info_hash) = ${IDENTIFIER_LENGTH}),
  download_count INTEGER NOT NULL ${COUNT.replace("#", "download_count")},
  content_length INTEGER ${COUNT.replace("#", "content_length")},
  last_seen INTEGER NOT NULL ${COUNT.replace("#", "last_seen")}
) STRICT, WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${LAYOUT_VERSION};
`;

const SAVE = `
INSERT INTO torrent (info_hash, download_count, content_length, last_seen)
VALUES (?, ?, ?, ?)
ON CONFLICT (info_hash) DO UPDATE SET download_count = excluded.download_count,
  content_length = excluded.content_length, last_seen = excluded.last_seen
`;

const FORGET = `
DELETE FROM torrent WHERE info_hash IN (SELECT info_hash FROM torrent
  ORDER BY last_seen LIMIT max(0, (SELECT count(*) FROM torrent) - ${MAX_TORRENT_COUNT}))
`;

export class SqliteStore extends BackedStore {
  protected readonly recovery: string;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #save: StatementSync;
  readonly #changed = new Set<InfoHash>();
  #writeCount = 0;
  #lastSeenSeconds = 0;

  private constructor(
    path: string,
    database: DatabaseSync,
    options: OpenStoreOptions,
  ) {
    super(options, {
      maxPastCount: MAX_TORRENT_COUNT,
      keepsUndownloaded: true,
    });
    this.recovery = `${path} is written again`;
    this.#path = path;
    this.#database = database;
    this.#save = database.prepare(SAVE);
    const rows = database.prepare("SELECT * FROM torrent ORDER BY last_seen")
      .all();
    for (const { info_hash, download_count, content_length } of rows) {
      this.table.restore({
        infoHash: infoHashFromBytes(info_hash as Uint8Array),
        downloadCount: Number(download_count),
        // Earlier versions wrote null for 0.
        contentLength: Number(content_length ?? 0),
      });
    }
  }

  /**
   * Opens the file at a path; creates it if there is none. An open store needs no
   * permission to read or write any more.
   * @throws {StoreError} If it cannot be used.
   */
  static async open(
    path: string,
    options: OpenStoreOptions,
  ): Promise<SqliteStore> {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path);
      prepareFile(path, database);
      const store = new SqliteStore(path, database, options);
      await store.begin();
      return store;
    } catch (error) {
      database?.close();
      throw databaseFailure("open", path, error);
    }
  }

  protected override onTorrentChange(infoHash: InfoHash): void {
    this.#changed.add(infoHash);
  }

  protected override async round(): Promise<void> {
    if (nowSeconds() - this.#lastSeenSeconds >= LAST_SEEN_STEP_SECONDS) {
      this.#lastSeenSeconds = nowSeconds();
      for (const infoHash of this.table.swarms.keys()) {
        this.#changed.add(infoHash);
      }
    }
    while (this.#changed.size > 0) {
      this.#write();
      await delay(0);
    }
  }

  protected override end(): Promise<void> {
    return Promise.try(() => {
      try {
        while (this.#changed.size > 0) this.#write();
        this.#database.exec(FORGET);
      } finally {
        this.#database.close();
      }
    });
  }

  protected override explain(cause: unknown): RoundFailure {
    const error = databaseFailure("write", this.#path, cause);
    return { error, isLasting: false };
  }

  /** Writes a part of what changed: all of it or nothing. */
  #write(): void {
    const infoHashes = this.#changed.values().take(BATCH_SIZE).toArray();
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const infoHash of infoHashes) {
        const torrent = this.table.torrent(infoHash);
        if (torrent === undefined) continue;
        const { downloadCount, contentLength } = torrent;
        const key = identifierToBytes(infoHash);
        this.#save.run(key, downloadCount, contentLength, nowSeconds());
      }
      this.#writeCount += infoHashes.length;
      if (this.#writeCount >= WRITES_PER_CLEANUP) {
        this.#database.exec(FORGET);
        this.#writeCount = 0;
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      try {
        this.#database.exec("ROLLBACK");
      } catch {
        // On a full disk SQLite has rolled back already.
      }
      throw error;
    }
    for (const infoHash of infoHashes) this.#changed.delete(infoHash);
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Locks the file for this tracker and checks its content. */
function prepareFile(path: string, database: DatabaseSync): void {
  const pragma = (name: string): unknown =>
    database.prepare(`PRAGMA ${name}`).get()?.[name];
  // The first BEGIN locks it until the end, also between transactions.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("BEGIN IMMEDIATE");
  const version = pragma("user_version");
  const schema = database.prepare("SELECT 1 FROM sqlite_schema").get();
  if (schema === undefined) {
    database.exec(LAYOUT);
  } else if (pragma("application_id") !== APPLICATION_ID) {
    throw new StoreError(
      `Cannot open ${path}: it is a database of another program; choose another file`,
    );
  } else if (version !== LAYOUT_VERSION) {
    throw new StoreError(
      `Cannot open ${path}: its layout is ${version} and not ${LAYOUT_VERSION}, ` +
        "as of another version of this program; choose another file",
    );
  }
  database.exec("COMMIT");
  // Last, as it is written into the file, which may be another program's.
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");
}

/** Meanings of SQLite's own words, which it never translates. */
const REASONS: Readonly<Record<string, string>> = {
  "file is not a database": "it is no database of SQLite; choose another file",
  "database is locked":
    "another tracker or program uses it; stop that one or choose another file",
  "readonly database": "it is read-only; change its permissions and its " +
    "folder's or choose another file",
  "database or disk is full": "the disk is full; free some space",
  "disk image is malformed":
    "it is damaged; move it away, or put a copy of it in its place",
  "disk I/O error": "the disk reports an error; check the disk",
};

function databaseFailure(
  action: "open" | "write",
  path: string,
  cause: unknown,
): StoreError {
  if (cause instanceof StoreError) return cause;
  const reason = explain(path, cause);
  return new StoreError(`Cannot ${action} ${path}: ${reason}`, { cause });
}

function explain(path: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Deno.errors.NotCapable) {
    return message.includes("all access")
      ? "Deno, which runs this program, blocks access to it, as to everything " +
        "in /dev, /proc, /sys and /etc; choose another file"
      : "reading and writing it are not permitted; run with -R -W";
  }
  const words = Object.keys(REASONS).find((words) => message.includes(words));
  if (words !== undefined) return REASONS[words]!;
  if (!message.includes("unable to open database file")) {
    return `${message}; choose another file`;
  }
  // SQLite says the same of everything that it cannot open.
  if (isFolder(path)) return "a folder stands there; give the path of a file";
  return isFolder(dirname(path))
    ? "permission denied; change its permissions or choose another file"
    : "its folder does not exist; create it or choose another file";
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    // A file that cannot be read is no usable database either.
    return false;
  }
}
