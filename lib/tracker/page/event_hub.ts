/**
 * The pages that are looked at, and their event streams. Each view is written
 * once for all who look at it, when the time for the next sample has come; nobody
 * is written for while nobody looks. A stream keeps no queue: who is slow is sent
 * the newest content whole instead of the changes that were missed.
 *
 * @module
 */
import { type Changes, changesBetween } from "./changes.ts";
import type { Content } from "./content.ts";
import { utf8 } from "./utf8.ts";
import { type PageView, viewAddress } from "./view.ts";

/** Streams that are open at once at most. */
export const MAX_LISTENERS = 100;

/** The same from one address. */
export const MAX_LISTENERS_OF_ADDRESS = 20;

/** Silence after which a stream says that it is still there, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/**
 * What a sample may cost, in torrents and rows that are gone through: about 20 ms.
 * Views that are left over have their turn at the next one.
 */
const SAMPLE_BUDGET = 20_000;

/** What a view costs beside the torrents that are gone through. */
const VIEW_COST = 300;

/** A written view. */
export interface Written {
  readonly content: Content;
  /** Torrents that were gone through for it. */
  readonly torrentCount: number;
}

/** Writes a view as it is now. */
export type WriteView = (view: PageView, nowMs: number) => Promise<Written>;

/** Bytes of an event stream. */
export type EventStream = AsyncIterableIterator<Uint8Array<ArrayBuffer>>;

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

  /** Opens a stream; `undefined` if there are too many. */
  listen(view: PageView, hostname: string): EventStream | undefined {
    const ownCount = this.#listenerCounts.get(hostname) ?? 0;
    if (
      this.#listenerCount >= MAX_LISTENERS ||
      ownCount >= MAX_LISTENERS_OF_ADDRESS
    ) return undefined;
    this.#listenerCount++;
    this.#listenerCounts.set(hostname, ownCount + 1);
    const key = `${view.origin}${viewAddress(view)}`;
    const channel = this.#channels.get(key) ?? new Channel(view);
    this.#channels.set(key, channel);
    const listener = new Listener(channel, () => {
      this.#listenerCount--;
      const count = this.#listenerCounts.get(hostname)! - 1;
      if (count === 0) this.#listenerCounts.delete(hostname);
      else this.#listenerCounts.set(hostname, count);
      channel.listeners.delete(listener);
      if (channel.listeners.size === 0) this.#channels.delete(key);
    });
    channel.listeners.add(listener);
    return listener;
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
}

/** Those who look at one view. */
class Channel {
  readonly view: PageView;
  readonly listeners = new Set<Listener>();
  #content: Content | undefined;
  /** Number of the newest content. */
  #version = 0;
  /** From the version before to this one. */
  #changes: Uint8Array<ArrayBuffer> | undefined;
  /** From nothing to this version, once somebody needed it. */
  #whole: Uint8Array<ArrayBuffer> | undefined;
  #lastSentMs = -Infinity;

  constructor(view: PageView) {
    this.view = view;
  }

  /** Takes the newest content, and wakes those who wait for it. */
  tell(content: Content, nowMs: number): void {
    const changes = changesBetween(this.#content, content);
    if (changes === undefined) {
      if (nowMs - this.#lastSentMs < KEEP_ALIVE_MS) return;
      this.#lastSentMs = nowMs;
      for (const listener of this.listeners) listener.keepAlive();
      return;
    }
    this.#lastSentMs = nowMs;
    this.#content = content;
    this.#version++;
    this.#changes = eventOf(changes);
    this.#whole = undefined;
    for (const listener of this.listeners) listener.wake();
  }

  /** What leads from a version to the newest; `undefined` if that is the one. */
  since(
    version: number,
  ): { bytes: Uint8Array<ArrayBuffer>; version: number } | undefined {
    if (version === this.#version) return undefined;
    const bytes = version === this.#version - 1
      ? this.#changes!
      : this.#whole ??= eventOf(changesBetween(undefined, this.#content!)!);
    return { bytes, version: this.#version };
  }
}

type Step = IteratorResult<Uint8Array<ArrayBuffer>, undefined>;

/** One stream. */
class Listener implements AsyncIterableIterator<Uint8Array<ArrayBuffer>> {
  readonly #channel: Channel;
  readonly #onClose: () => void;
  #version: number | undefined;
  #isClosed = false;
  #waiting: ((step: Step) => void) | undefined;

  constructor(channel: Channel, onClose: () => void) {
    this.#channel = channel;
    this.#onClose = onClose;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    if (this.#isClosed) return Promise.resolve(END);
    if (this.#version === undefined) {
      this.#version = 0;
      // Something is sent at once, so that the browser knows that it listens.
      return Promise.resolve({ done: false, value: GREETING });
    }
    const step = this.#step();
    if (step !== undefined) return Promise.resolve(step);
    return new Promise((resolve) => this.#waiting = resolve);
  }

  return(): Promise<Step> {
    this.close();
    return Promise.resolve(END);
  }

  /** Sends what is new, if that is waited for. */
  wake(): void {
    const step = this.#waiting && this.#step();
    if (step !== undefined) this.#answer(step);
  }

  /** Sends something that means nothing, if that is waited for. */
  keepAlive(): void {
    this.#answer({ done: false, value: STILL_HERE });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.#answer(END);
  }

  #step(): Step | undefined {
    const news = this.#channel.since(this.#version ?? 0);
    if (news === undefined) return undefined;
    this.#version = news.version;
    return { done: false, value: news.bytes };
  }

  #answer(step: Step): void {
    this.#waiting?.(step);
    this.#waiting = undefined;
  }
}

const END: Step = { done: true, value: undefined };

/** How long a browser waits before it comes back, in milliseconds. */
const GREETING = utf8("retry: 3000\n\n");

const STILL_HERE = utf8(": still here\n\n");

/** JSON has no line breaks of its own, so the event is one line. */
function eventOf(changes: Changes): Uint8Array<ArrayBuffer> {
  return utf8(`data: ${JSON.stringify(changes)}\n\n`);
}
