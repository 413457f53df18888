/**
 * A file of SQLite in which a tracker remembers its torrents: how often each was
 * completed, how large it is and when it was last asked for. The database is
 * this tracker's alone while it is open.
 *
 * A program that crashes loses nothing that was saved; a machine that loses its
 * power may lose the last moments, never the whole (`synchronous=NORMAL`).
 *
 * @module
 */
// @ts-types="../../types/node_sqlite.d.ts"
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StoreError } from "../../base/errors.ts";
import {
  IDENTIFIER_LENGTH,
  identifierToBytes,
  type InfoHash,
  infoHashFromBytes,
} from "../../base/identifier.ts";
import { databaseFailure } from "./database_failure.ts";

/** What a column of a row can be. */
type SqlValue = null | number | bigint | string | Uint8Array;

/** What is remembered of a torrent. */
export interface StoredTorrent {
  readonly infoHash: InfoHash;
  /** How many peers completed it. */
  readonly downloadCount: number;
  /** The most that a peer ever lacked, in bytes; 0 if none lacked anything. */
  readonly contentLength: number;
  /** When a peer last announced it, in seconds since 1970. */
  readonly lastSeenSeconds: number;
}

/** "lswm": tells this program's databases from those of others. */
const APPLICATION_ID = 0x6c_73_77_6d;

/** Of the tables below; another number is another program's version. */
const LAYOUT_VERSION = 1;

const LAYOUT = `
CREATE TABLE torrent (
  info_hash BLOB PRIMARY KEY NOT NULL CHECK (length(info_hash) = ${IDENTIFIER_LENGTH}),
  download_count INTEGER NOT NULL CHECK (download_count BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}),
  content_length INTEGER CHECK (content_length BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}),
  last_seen INTEGER NOT NULL CHECK (last_seen BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER})
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

/** A database that is open. */
export class TorrentDatabase {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #save: StatementSync;
  readonly #forget: StatementSync;

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#save = database.prepare(SAVE);
    this.#forget = database.prepare("DELETE FROM torrent WHERE info_hash = ?");
  }

  /**
   * Opens the database at a path, made if it is not there.
   * @throws {StoreError} If it cannot be used.
   */
  static open(path: string): TorrentDatabase {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path);
      prepareFile(path, database);
      return new TorrentDatabase(path, database);
    } catch (error) {
      database?.close();
      throw databaseFailure("open", path, error);
    }
  }

  /**
   * All torrents, the least recently seen first.
   * @throws {StoreError} If the file is damaged.
   */
  torrents(): StoredTorrent[] {
    try {
      return this.#database.prepare("SELECT * FROM torrent ORDER BY last_seen")
        .all().map(storedTorrent);
    } catch (error) {
      throw databaseFailure("open", this.#path, error);
    }
  }

  /**
   * Writes all of these and forgets all of those, or nothing of it.
   * @throws {StoreError} If it cannot be written.
   */
  write(
    torrents: Iterable<StoredTorrent>,
    forgotten: Iterable<InfoHash> = [],
  ): void {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const torrent of torrents) {
        this.#save.run(
          identifierToBytes(torrent.infoHash),
          torrent.downloadCount,
          torrent.contentLength,
          torrent.lastSeenSeconds,
        );
      }
      for (const infoHash of forgotten) {
        this.#forget.run(identifierToBytes(infoHash));
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#rollBack();
      throw databaseFailure("write", this.#path, error);
    }
  }

  /** Closes the file, which then is one file again, without a log beside it. */
  close(): void {
    this.#database.close();
  }

  #rollBack(): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      // On a full disk SQLite has done so already, and says that there is nothing to do.
    }
  }
}

/** Takes the file for this tracker and sees that it holds what it is to hold. */
function prepareFile(path: string, database: DatabaseSync): void {
  // Held from the first BEGIN to the end, also between transactions.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("BEGIN IMMEDIATE");
  const application = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  const isEmpty = database.prepare("SELECT 1 FROM sqlite_schema").get() ===
    undefined;
  if (isEmpty) {
    database.exec(LAYOUT);
  } else if (application !== APPLICATION_ID) {
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

function pragma(database: DatabaseSync, name: string): SqlValue | undefined {
  return database.prepare(`PRAGMA ${name}`).get()?.[name];
}

/** @throws {StoreError} If the row is none that this program writes. */
function storedTorrent(row: Record<string, SqlValue>): StoredTorrent {
  const { info_hash, download_count, content_length, last_seen } = row;
  if (
    !(info_hash instanceof Uint8Array) || typeof download_count !== "number" ||
    typeof last_seen !== "number"
  ) throw new Error("database disk image is malformed");
  return {
    infoHash: infoHashFromBytes(info_hash),
    downloadCount: download_count,
    // Files of earlier versions have null for 0.
    contentLength: typeof content_length === "number" ? content_length : 0,
    lastSeenSeconds: last_seen,
  };
}
