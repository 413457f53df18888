/**
 * Opens the store that a text names. What a store is made of is loaded only if it
 * is asked for: `node:sqlite`, and the package `redis`, which takes a third of a
 * second.
 *
 * @module
 */
import type { MemoryStoreOptions } from "./memory_store.ts";
import type { PeerStore, StoreListener } from "./peer_store.ts";
import { parseStoreAddress } from "./store_address.ts";

/** How a store is set up. */
export interface OpenStoreOptions extends MemoryStoreOptions {
  /** Hears when what the store keeps its peers in fails, and when it works again. */
  readonly onEvent?: StoreListener;
  /** Silence after which Redis counts as gone, in milliseconds. @default {1_000} */
  readonly maxSilenceMs?: number;
}

/**
 * Opens `memory`, `sqlite:FILE` or `redis://[USER:PASSWORD@]HOST:PORT[/DATABASE]`.
 * A file needs the permissions to read and write it, until it is open; Redis needs
 * the network at that host and port.
 * @throws {RangeError} If the text is none of these.
 * @throws {StoreError} If the file cannot be used, or that Redis will never do. One
 * that cannot be reached is waited for while the store is used without it.
 */
export async function openStore(
  text: string,
  options: OpenStoreOptions,
): Promise<PeerStore> {
  const address = parseStoreAddress(text);
  switch (address.type) {
    case "memory": {
      const { MemoryStore } = await import("./memory_store.ts");
      return new MemoryStore(options);
    }
    case "sqlite": {
      const { SqliteStore } = await import("./sqlite_store.ts");
      return SqliteStore.open(address.path, options);
    }
    case "redis": {
      const { RedisStore } = await import("./redis_store.ts");
      return await RedisStore.open(address, options);
    }
    default:
      return address satisfies never;
  }
}
