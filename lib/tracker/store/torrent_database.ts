/**
 * A file of SQLite in which a tracker remembers its torrents. The database is this
 * tracker's alone while it is open. A program that crashes loses nothing that was
 * written; a machine that loses its power may lose the last moments, never the
 * whole (`synchronous=NORMAL`).
 *
 * @module
 */
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

type SqlValue = null | number | bigint | string | Uint8Array;

export interface StoredTorrent {
  readonly infoHash: InfoHash;
  /** Peers that completed it. */
  readonly downloadCount: number;
  /** The most that a peer ever lacked, in bytes; 0 if none ever lacked anything. */
  readonly contentLength: number;
  /** The time of an announce, in seconds since 1970. */
  readonly lastSeenSeconds: number;
}

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
   * Opens the database at a path; creates it if there is none.
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
   * Writes some torrents and forgets others, all of it or nothing.
   * @throws {StoreError} If the file cannot be written.
   */
  write(
    torrents: Iterable<StoredTorrent>,
    forgotten: Iterable<InfoHash> = [],
  ): void {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const torrent of torrents) {
        const { downloadCount, contentLength, lastSeenSeconds } = torrent;
        const infoHash = identifierToBytes(torrent.infoHash);
        this.#save.run(infoHash, downloadCount, contentLength, lastSeenSeconds);
      }
      for (const infoHash of forgotten) {
        this.#forget.run(identifierToBytes(infoHash));
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      try {
        this.#database.exec("ROLLBACK");
      } catch {
        // On a full disk SQLite has rolled back already.
      }
      throw databaseFailure("write", this.#path, error);
    }
  }

  /** Closes the file, which is one file again then, without a log beside it. */
  close(): void {
    this.#database.close();
  }
}

/** Locks the file for this tracker and checks its content. */
function prepareFile(path: string, database: DatabaseSync): void {
  const pragma = (name: string): SqlValue | undefined =>
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

/** @throws {Error} If the row is not one that this program writes. */
function storedTorrent(row: Record<string, SqlValue>): StoredTorrent {
  const { info_hash, download_count, content_length, last_seen } = row;
  if (
    !(info_hash instanceof Uint8Array) || typeof download_count !== "number" ||
    typeof last_seen !== "number"
  ) throw new Error("database disk image is malformed");
  return {
    infoHash: infoHashFromBytes(info_hash),
    downloadCount: download_count,
    // Earlier versions wrote null for 0.
    contentLength: Number(content_length ?? 0),
    lastSeenSeconds: last_seen,
  };
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
