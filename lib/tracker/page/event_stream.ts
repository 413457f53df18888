/**
 * Server-sent events for those who look at one view. A stream keeps no queue: who
 * is slow is sent the newest content whole instead of the changes that were
 * missed.
 *
 * @module
 */
import { type Changes, changesBetween } from "./changes.ts";
import type { Content } from "./content.ts";
import { utf8 } from "./utf8.ts";
import type { PageView } from "./view.ts";

/** Silence after which a stream says that it is still there, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/** Bytes of an event stream. */
export type EventStream = AsyncIterableIterator<Uint8Array<ArrayBuffer>>;

/** Those who look at one view. */
export class Channel {
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

/** A stream that counts. */
export interface OpenStream {
  readonly channel: Channel;
  /** Lets go of it. */
  readonly onClose: () => void;
}

/** One stream: new at first, open from its first reading on, and closed in the end. */
export class Listener implements EventStream {
  readonly #onOpen: (listener: Listener) => OpenStream | undefined;
  #open: OpenStream | undefined;
  #version = 0;
  #isClosed = false;
  #waiting: ((step: Step) => void) | undefined;

  constructor(onOpen: (listener: Listener) => OpenStream | undefined) {
    this.#onOpen = onOpen;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    if (this.#isClosed) return Promise.resolve(END);
    if (this.#open === undefined) {
      this.#open = this.#onOpen(this);
      this.#isClosed = this.#open === undefined;
      // Something is sent at once, so that the browser knows that it listens.
      return Promise.resolve(
        this.#isClosed ? END : { done: false, value: GREETING },
      );
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
    this.#open?.onClose();
    this.#answer(END);
  }

  #step(): Step | undefined {
    const news = this.#open?.channel.since(this.#version);
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
