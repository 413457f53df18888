/**
 * Opens the store that a text names. A password in the text never appears in a
 * message. The parts of a store are loaded only if it is asked for: `node:sqlite`,
 * and the package `redis`, which takes a third of a second.
 *
 * @module
 */
import { guardListener } from "../../base/guard_listener.ts";
import { withoutBrackets } from "../../base/ip_address.ts";
import type { OpenStoreOptions, PeerStore } from "./peer_store.ts";
import type { RedisAddress } from "./redis_connection.ts";

/** The address of a store. */
export type StoreAddress =
  | { readonly type: "memory" }
  /** Peers in memory; torrents and their counts of downloads in a file. */
  | { readonly type: "sqlite"; readonly path: string }
  /** Peers in memory, shared with other trackers through Redis. */
  | { readonly type: "redis" } & RedisAddress;

const DEFAULT_REDIS_PORT = 6379;

/**
 * Opens `memory`, `sqlite:FILE` or `redis://[USER:PASSWORD@]HOST:PORT[/DATABASE]`.
 * A file needs the permissions to read and write it until it is open, Redis the
 * network at that host and port.
 * @throws {RangeError} If the text is none of these.
 * @throws {StoreError} If the file or that Redis cannot be used. A Redis that
 * cannot be reached is tried again while the store is used without it.
 */
export async function openStore(
  text: string,
  { onChange, onEvent, ...rest }: OpenStoreOptions,
): Promise<PeerStore> {
  const options = {
    ...rest,
    ...(onChange && { onChange: guardListener(onChange) }),
    ...(onEvent && { onEvent: guardListener(onEvent) }),
  };
  const address = parseStoreAddress(text);
  switch (address.type) {
    case "memory": {
      const { MemoryStore } = await import("./memory_store.ts");
      return new MemoryStore(options);
    }
    case "sqlite": {
      const { SqliteStore } = await import("./sqlite_store.ts");
      return await SqliteStore.open(address.path, options);
    }
    case "redis": {
      const { RedisStore } = await import("./redis_store.ts");
      return await RedisStore.open(address, options);
    }
    default:
      return address satisfies never;
  }
}

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
