/**
 * Peers in the test's own process: sessions on 127.0.0.1 and the events of their
 * torrents.
 */
import { assert } from "@std/assert";
import { deadline } from "@std/async/deadline";
import {
  type Bitfield,
  MemoryStorage,
  openSession,
  type PeerAddress,
  type Session,
  type SessionEvent,
  type SessionOptions,
  type Storage,
  type TorrentSession,
  verifyStorage,
} from "../../lib/mod.ts";
import type { MemoryTorrent } from "./memory_torrent.ts";

const EVENT_TIMEOUT_MS = 120_000;

/** Opens a session, by default on a free port of 127.0.0.1. */
export function openLocalSession(options: SessionOptions = {}): Session {
  return openSession({ port: 0, hostname: "127.0.0.1", ...options });
}

export function addressOf(
  session: Session,
  hostname = "127.0.0.1",
): PeerAddress {
  return { hostname, port: session.port };
}

export class Share {
  readonly events: SessionEvent[] = [];
  readonly storage: Storage;
  readonly transfer: TorrentSession;
  #changed = Promise.withResolvers<void>();

  private constructor(
    session: Session,
    sample: MemoryTorrent,
    options: { storage: Storage; have: Bitfield },
  ) {
    this.storage = options.storage;
    this.transfer = session.addTorrent(sample.torrent, {
      ...options,
      onEvent: (event) => {
        this.events.push(event);
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      },
    });
  }

  /**
   * Starts to share a torrent from a storage, whose content is verified first;
   * without one, from an empty one in memory.
   */
  static async start(
    session: Session,
    sample: MemoryTorrent,
    storage: Storage = new MemoryStorage(sample.torrent.geometry.length),
  ): Promise<Share> {
    const have = await verifyStorage(storage, sample.torrent);
    return new Share(session, sample, { storage, have });
  }

  count(type: SessionEvent["type"]): number {
    return this.events.filter((event) => event.type === type).length;
  }

  async first<T extends SessionEvent["type"]>(
    type: T,
    timeoutMs = EVENT_TIMEOUT_MS,
  ): Promise<SessionEvent & { type: T }> {
    return await deadline(this.#first(type), timeoutMs);
  }

  async #first<T extends SessionEvent["type"]>(
    type: T,
  ): Promise<SessionEvent & { type: T }> {
    for (;;) {
      const found = this.events.find((event) => event.type === type);
      if (found !== undefined) return found as SessionEvent & { type: T };
      await this.#changed.promise;
    }
  }
}

export async function contentOf(
  storage: Storage,
  { torrent }: MemoryTorrent,
): Promise<Uint8Array> {
  const content = new Uint8Array(torrent.geometry.length);
  await storage.read(0, content);
  return content;
}

/** Throws unless the share has stored every byte of the sample. */
export async function assertWhole(
  { storage }: Share,
  sample: MemoryTorrent,
): Promise<void> {
  const content = await contentOf(storage, sample);
  // assertEquals() would take a second to compare a mebibyte.
  assert(content.every((byte, offset) => byte === sample.content[offset]));
}

/** Time that `work` took, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
