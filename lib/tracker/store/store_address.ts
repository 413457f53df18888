/**
 * The address of a tracker's store, as one text: `memory`, `sqlite:FILE` or
 * `redis://HOST:PORT`. A password in it never appears in a message.
 *
 * @module
 */
import { withoutBrackets } from "../../base/ip_address.ts";

/** A Redis, and the user of it. */
export interface RedisAddress {
  /** A name or an address, IPv6 without brackets. */
  readonly hostname: string;
  /** TCP port, 6379 by default. */
  readonly port: number;
  /** Number of the database in that Redis. */
  readonly database: number;
  /** `undefined` for the default user of Redis. */
  readonly username: string | undefined;
  /** `undefined` if Redis asks for none. */
  readonly password: string | undefined;
}

/** The address of a store. */
export type StoreAddress =
  | { readonly type: "memory" }
  /** Peers in memory; torrents and their counts of downloads in a file. */
  | { readonly type: "sqlite"; readonly path: string }
  /** Peers in memory, shared with other trackers through Redis. */
  | { readonly type: "redis" } & RedisAddress;

const DEFAULT_REDIS_PORT = 6379;

/**
 * Reads `memory`, `sqlite:FILE` or `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`.
 * @throws {RangeError} If it is none of them.
 */
export function parseStoreAddress(text: string): StoreAddress {
  if (text === "memory") return { type: "memory" };
  switch (/^([a-z]+):/.exec(text)?.[1]) {
    case "sqlite":
      return { type: "sqlite", path: sqlitePath(text.slice("sqlite:".length)) };
    case "redis":
      return { type: "redis", ...redisAddress(text) };
    case "rediss":
      throw refusal("Redis over TLS is not supported");
    default:
      throw refusal("it is not memory, sqlite:FILE or redis://HOST:PORT");
  }
}

/** `127.0.0.1:6379` or `[::1]:6379`. */
export function formatRedisAddress({ hostname, port }: RedisAddress): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

function sqlitePath(path: string): string {
  if (path === "" || path.includes("\0")) {
    throw refusal("sqlite: is followed by no path of a file");
  }
  // SQLite's own names for databases that are no files.
  if (path === ":memory:" || path.startsWith("file:")) {
    throw refusal("sqlite: is followed by the plain path of a file");
  }
  return path;
}

function redisAddress(text: string): RedisAddress {
  const url = URL.parse(text);
  if (url === null || !text.startsWith("redis://") || url.hostname === "") {
    throw refusal("redis: is written redis://HOST:PORT");
  }
  if (url.search !== "" || url.hash !== "") {
    throw refusal("redis: takes nothing after the number of the database");
  }
  const database = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1];
  if (database === undefined) {
    throw refusal("the number of the database in Redis is not a whole number");
  }
  return {
    hostname: withoutBrackets(unescape(url.hostname)!),
    port: Number(url.port) || DEFAULT_REDIS_PORT,
    database: Number(database),
    username: unescape(url.username),
    password: unescape(url.password),
  };
}

function unescape(text: string): string | undefined {
  try {
    return text === "" ? undefined : decodeURIComponent(text);
  } catch (cause) {
    throw refusal("redis: has a % without two hex digits", cause);
  }
}

function refusal(reason: string, cause?: unknown): RangeError {
  return new RangeError(`Cannot read store: ${reason}`, { cause });
}
