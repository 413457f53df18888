/**
 * Where a tracker's store is, as one text: `memory`, `sqlite:FILE` or
 * `redis://HOST:PORT`. Pure. A password in it never appears in a message.
 *
 * @module
 */

/** Where Redis is, and who asks. */
export interface RedisAddress {
  /** A name or an address, IPv6 without brackets. */
  readonly hostname: string;
  /** TCP port. */
  readonly port: number;
  /** Number of the database in that Redis. */
  readonly database: number;
  /** `undefined` for Redis's default user. */
  readonly username: string | undefined;
  /** `undefined` if Redis asks for none. */
  readonly password: string | undefined;
}

/** Where a tracker keeps its peers. */
export type StoreAddress =
  | { readonly type: "memory" }
  /** Peers in memory; torrents and how often each was completed in a file. */
  | { readonly type: "sqlite"; readonly path: string }
  /** All of it in Redis, which several trackers may share. */
  | { readonly type: "redis" } & RedisAddress;

/** The port of a Redis that is not said to have another. */
const REDIS_PORT = 6379;

const FORMS = "memory, sqlite:FILE or redis://HOST:PORT";

/**
 * Reads `memory`, `sqlite:FILE` or `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`.
 * @throws {RangeError} If it is none of them.
 */
export function parseStoreAddress(text: string): StoreAddress {
  if (text === "memory") return { type: "memory" };
  const scheme = /^([a-z]+):/.exec(text)?.[1];
  switch (scheme) {
    case "sqlite":
      return { type: "sqlite", path: sqlitePath(text.slice("sqlite:".length)) };
    case "redis":
      return { type: "redis", ...redisAddress(text) };
    case "rediss":
      throw refusal("Redis over TLS is not supported");
    default:
      throw refusal(`it is not ${FORMS}`);
  }
}

/** `127.0.0.1:6379` or `[::1]:6379`. */
export function formatRedisAddress(
  { hostname, port }: RedisAddress,
): string {
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
    hostname: unescape(url.hostname).replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? REDIS_PORT : Number(url.port),
    database: Number(database),
    username: url.username === "" ? undefined : unescape(url.username),
    password: url.password === "" ? undefined : unescape(url.password),
  };
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw refusal("redis: has a % without two hex digits", cause);
  }
}

function refusal(reason: string, cause?: unknown): RangeError {
  return new RangeError(`Cannot read store: ${reason}`, { cause });
}
