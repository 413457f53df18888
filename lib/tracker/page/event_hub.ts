/**
 * The pages that are looked at. Each view is written once for all who look at it,
 * when the time for the next sample has come, and none while nobody looks.
 *
 * @module
 */
import type { Content } from "./content.ts";
import {
  Channel,
  type EventStream,
  Listener,
  type OpenStream,
} from "./event_stream.ts";
import { type PageView, viewAddress } from "./view.ts";

/** Streams that are open at once at most. */
export const MAX_LISTENERS = 100;

/** The same from one address. */
export const MAX_LISTENERS_OF_ADDRESS = 20;

/**
 * What a sample may cost, in torrents and rows that are gone through: about 20 ms.
 * Views that are left over have their turn at the next one.
 */
const SAMPLE_BUDGET = 20_000;

/** What a view costs beside the torrents that are gone through: its rows. */
const VIEW_COST = 1_000;

/** A written view. */
export interface Written {
  readonly content: Content;
  /** Torrents that were gone through for it. */
  readonly torrentCount: number;
}

/** Writes a view as it is now. */
export type WriteView = (view: PageView, nowMs: number) => Promise<Written>;

/** All open streams. */
export class EventHub {
  readonly #write: WriteView;
  readonly #channels = new Map<string, Channel>();
  readonly #listenerCounts = new Map<string, number>();
  #listenerCount = 0;
  #isSampling = false;

  constructor(write: WriteView) {
    this.#write = write;
  }

  /** Open streams. */
  get listenerCount(): number {
    return this.#listenerCount;
  }

  /**
   * Makes a stream; `undefined` if there are too many. It counts once it is read:
   * one that is never read may never be ended either.
   */
  listen(view: PageView, hostname: string): EventStream | undefined {
    if (this.#isFull(hostname)) return undefined;
    return new Listener((listener) => this.#open(listener, view, hostname));
  }

  /** Writes the views that are looked at and sends what has changed. */
  async sample(nowMs: number): Promise<void> {
    // A store that takes its time is not asked twice.
    if (this.#isSampling) return;
    this.#isSampling = true;
    try {
      let cost = 0;
      for (const [key, channel] of [...this.#channels]) {
        if (cost >= SAMPLE_BUDGET) break;
        // To the end of the line, even if it cannot be written.
        this.#channels.delete(key);
        this.#channels.set(key, channel);
        const { content, torrentCount } = await this.#write(
          channel.view,
          nowMs,
        );
        cost += torrentCount + VIEW_COST;
        channel.tell(content, nowMs);
      }
    } finally {
      this.#isSampling = false;
    }
  }

  /** Ends every stream. */
  close(): void {
    for (const { listeners } of [...this.#channels.values()]) {
      for (const listener of [...listeners]) listener.close();
    }
  }

  #isFull(hostname: string): boolean {
    const ownCount = this.#listenerCounts.get(hostname) ?? 0;
    return this.#listenerCount >= MAX_LISTENERS ||
      ownCount >= MAX_LISTENERS_OF_ADDRESS;
  }

  /** Counts a stream that is read; `undefined` if others took the last place. */
  #open(
    listener: Listener,
    view: PageView,
    hostname: string,
  ): OpenStream | undefined {
    if (this.#isFull(hostname)) return undefined;
    this.#count(hostname, 1);
    const key = `${view.origin}${viewAddress(view)}`;
    const channel = this.#channels.get(key) ?? new Channel(view);
    this.#channels.set(key, channel);
    channel.listeners.add(listener);
    return {
      channel,
      onClose: () => {
        this.#count(hostname, -1);
        channel.listeners.delete(listener);
        if (channel.listeners.size === 0) this.#channels.delete(key);
      },
    };
  }

  #count(hostname: string, change: 1 | -1): void {
    this.#listenerCount += change;
    const ownCount = (this.#listenerCounts.get(hostname) ?? 0) + change;
    if (ownCount === 0) this.#listenerCounts.delete(hostname);
    else this.#listenerCounts.set(hostname, ownCount);
  }
}
