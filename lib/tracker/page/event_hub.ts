/**
 * Event streams for open pages. Once a second the hub renders each view that is
 * watched, once for all who watch it, and tells them if it changed: the event
 * holds the snapshot's version alone, and the page fetches what it shows. The
 * number of streams and the work of one second are limited.
 *
 * @module
 */
import { looksSame, type RenderedView } from "./document.ts";
import { utf8 } from "./html.ts";
import { type PageView, viewAddress } from "./view.ts";

/** Open streams at most. */
export const MAX_STREAMS = 100;
/** Streams of one address at most. */
export const MAX_STREAMS_OF_ADDRESS = 20;

/**
 * Cost of one sample at most, in torrents and rows: about 20 ms. The views that
 * are left over come first at the next sample.
 */
const MAX_SAMPLE_COST = 20_000;
/** Cost of a view beside the torrents that are searched and sorted. */
const VIEW_COST = 1_000;
/** Time without an event after which a stream shows that it is alive, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;
/** Sets the time that a browser waits before it reconnects, in milliseconds. */
const GREETING = utf8("retry: 3000\n\n");
/** A comment, which browsers ignore. */
const COMMENT = utf8(": still here\n\n");

/** Bytes of an event stream. */
export type EventStream = AsyncIterableIterator<Uint8Array<ArrayBuffer>>;

export type RenderView = (view: PageView, nowMs: number) => RenderedView;

/** A view that is watched. */
interface Channel {
  readonly view: PageView;
  readonly streams: Set<Stream>;
  rendered?: RenderedView;
  lastEventMs: number;
}

export class EventHub {
  readonly #render: RenderView;
  readonly #pause: () => Promise<void>;
  readonly #channels = new Map<string, Channel>();
  #isSampling = false;

  /** `pause` lets other requests have their turn between two views. */
  constructor(render: RenderView, pause: () => Promise<void>) {
    this.#render = render;
    this.#pause = pause;
  }

  get streamCount(): number {
    return this.#streams.length;
  }

  get #streams(): Stream[] {
    return [...this.#channels.values()].flatMap(({ streams }) => [...streams]);
  }

  /**
   * Opens a stream; `undefined` if there are too many. When all are taken, the address
   * with most of them gives one to an address with fewer.
   */
  listen(view: PageView, hostname: string): EventStream | undefined {
    const count = this.#streams
      .filter((stream) => stream.hostname === hostname).length;
    if (count >= MAX_STREAMS_OF_ADDRESS) return undefined;
    if (this.streamCount >= MAX_STREAMS) {
      const evicted = this.#evictable(count + 1);
      if (evicted === undefined) return undefined;
      evicted.close();
    }
    const key = `${view.origin}${viewAddress(view)}`;
    const channel: Channel = this.#channels.get(key) ??
      { view, streams: new Set(), lastEventMs: -Infinity };
    this.#channels.set(key, channel);
    const stream = new Stream(hostname, () => {
      channel.streams.delete(stream);
      if (channel.streams.size === 0) this.#channels.delete(key);
    });
    channel.streams.add(stream);
    return stream;
  }

  /** Renders the watched views and sends an event for each that changed. */
  async sample(nowMs: number): Promise<void> {
    if (this.#isSampling) return;
    this.#isSampling = true;
    try {
      let cost = 0;
      for (const [key, channel] of [...this.#channels]) {
        if (cost >= MAX_SAMPLE_COST) break;
        // All its streams were closed during a pause.
        if (channel.streams.size === 0) continue;
        // To the end of the queue, even if rendering fails.
        this.#channels.delete(key);
        this.#channels.set(key, channel);
        const rendered = this.#render(channel.view, nowMs);
        cost += rendered.torrentCount + VIEW_COST;
        publish(channel, rendered, nowMs);
        await this.#pause();
      }
    } finally {
      this.#isSampling = false;
    }
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
  }

  /** A stream of the address with most of them, if these are more than `count`. */
  #evictable(count: number): Stream | undefined {
    const [most] = Map.groupBy(this.#streams, (stream) => stream.hostname)
      .values().toArray().toSorted((one, other) => other.length - one.length);
    return most !== undefined && most.length > count ? most[0] : undefined;
  }
}

function publish(
  channel: Channel,
  rendered: RenderedView,
  nowMs: number,
): void {
  const before = channel.rendered;
  const isChanged = before === undefined || !looksSame(before, rendered);
  if (!isChanged && nowMs - channel.lastEventMs < KEEP_ALIVE_MS) return;
  channel.lastEventMs = nowMs;
  channel.rendered = rendered;
  const event = utf8(`event: changed\ndata: ${rendered.version}\n\n`);
  for (const stream of channel.streams) {
    stream.send(isChanged ? event : COMMENT);
  }
}

type Step = IteratorResult<Uint8Array<ArrayBuffer>, undefined>;

/** One stream, which the HTTP server ends. Of several unread events only the newest is kept. */
class Stream implements EventStream {
  readonly hostname: string;
  readonly #onClose: () => void;
  #isClosed = false;
  /** The browser learns at once that it listens. */
  #unread: Uint8Array<ArrayBuffer> | undefined = GREETING;
  #answer: ((step: Step) => void) | undefined;

  constructor(hostname: string, onClose: () => void) {
    this.hostname = hostname;
    this.#onClose = onClose;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#step();
    });
  }

  return(): Promise<Step> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    // A comment does not replace an event.
    if (bytes !== COMMENT || this.#unread === undefined) this.#unread = bytes;
    this.#step();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.#step();
  }

  /** Answers a read that waits, if there is something to answer. */
  #step(): void {
    const value = this.#unread;
    if (this.#answer === undefined) return;
    if (this.#isClosed) {
      this.#answer({ done: true, value: undefined });
    } else if (value !== undefined) this.#answer({ done: false, value });
    else return;
    this.#answer = this.#unread = undefined;
  }
}
