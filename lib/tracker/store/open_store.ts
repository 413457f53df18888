/**
 * Opens the store that a text names. The parts of a store are loaded only if it is
 * asked for: `node:sqlite`, and the package `redis`, which takes a third of a
 * second.
 *
 * @module
 */
import { guardListener } from "../../base/guard_listener.ts";
import type { OpenStoreOptions, PeerStore } from "./peer_store.ts";
import { parseStoreAddress } from "./store_address.ts";

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
