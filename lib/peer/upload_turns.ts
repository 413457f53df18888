/**
 * Shares the work of uploading among hosts: reading, copying and sending. While several
 * hosts are served, each host has one batch of blocks in progress, or starts one each
 * 50 ms if its peers read slowly, whatever its number of connections. A single host has
 * no limit. A host must wait if its requests make us read much more than we send to it.
 *
 * Measured with 20 connections of one host that request single bytes: without turns they
 * caused reads of 500 MB/s, and a third of another host's 512 MiB was done after 25 s.
 * With turns they cause 2 KB/s, and the 512 MiB are done after 10 s, twice the time that
 * they take alone.
 *
 * @module
 */
import { BoundedMap } from "../base/bounded_map.ts";
import { RateLimiter } from "../base/rate_limiter.ts";

/** Hosts that are remembered. */
const MAX_HOSTS = 1024;
/** Time for which a host counts as served after its last batch, in milliseconds. */
const SERVED_MS = 5_000;
/** Time after which a batch no longer delays the host's next batch, in milliseconds: the peer may read slowly. */
const TURN_MS = 50;
/** Bytes read for a host beyond the bytes sent to it. The burst allows many peers at one address to start together. */
const OVERREAD = { perSecond: 8 * 1024 * 1024, burst: 64 * 1024 * 1024 };

/** A batch in progress. */
export interface Turn {
  readonly beganMs: number;
}

export class UploadTurns {
  readonly #hosts = new BoundedMap<string, HostTurns>(MAX_HOSTS);
  readonly #hostOf: (hostname: string) => string;
  #last: HostTurns | undefined;
  #lastMs = -Infinity;
  #contendedUntilMs = -Infinity;

  /** @param hostOf The host that an address belongs to. @default the address */
  constructor(hostOf: (hostname: string) => string = (hostname) => hostname) {
    this.#hostOf = hostOf;
  }

  /** The turns of the host of an address. */
  of(hostname: string): HostTurns {
    const host = this.#hostOf(hostname);
    return this.#hosts.getOrInsertComputed(host, () => new HostTurns(this));
  }

  /** Notes that a host is served now. Returns whether other hosts are served too. */
  isContended(host: HostTurns, nowMs: number): boolean {
    const isOther = this.#last !== undefined && host !== this.#last;
    if (isOther && nowMs - this.#lastMs < SERVED_MS) {
      this.#contendedUntilMs = nowMs + SERVED_MS;
    }
    this.#last = host;
    this.#lastMs = nowMs;
    return nowMs < this.#contendedUntilMs;
  }
}

export class HostTurns {
  readonly #all: UploadTurns;
  readonly #overread = new RateLimiter(OVERREAD);
  /** Callbacks that begin the waiting batches, the longest wait first. */
  readonly #waiting = new Map<Promise<Turn>, (turn: Turn) => void>();
  #current: Turn | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** For {@linkcode UploadTurns} alone. */
  constructor(all: UploadTurns) {
    this.#all = all;
  }

  /** Begins a batch; a promise if the batch has to wait. */
  begin(nowMs: number): Turn | Promise<Turn> {
    const waitMs = this.#waitMs(nowMs);
    if (waitMs <= 0 && this.#waiting.size === 0) return this.#start(nowMs);
    this.#timer ??= setTimeout(() => this.#wake(), waitMs);
    const { promise, resolve } = Promise.withResolvers<Turn>();
    this.#waiting.set(promise, resolve);
    return promise;
  }

  end(turn: Turn): void {
    if (turn !== this.#current) return;
    this.#current = undefined;
    if (this.#waiting.size === 0) return;
    // Not at once, so that the requests of other hosts are read first.
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake());
  }

  /** Withdraws a waiting batch, as its connection is closed. */
  withdraw(waiting: Promise<Turn>): void {
    if (!this.#waiting.delete(waiting) || this.#waiting.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Counts bytes read for the host less bytes sent to it. Returns the time that the host has to wait, in milliseconds. */
  charge(overreadLength: number, nowMs: number): number {
    return this.#overread.take(overreadLength, nowMs);
  }

  /** Time until a batch may begin, in milliseconds. */
  #waitMs(nowMs: number): number {
    const isContended = this.#all.isContended(this, nowMs);
    if (!isContended || this.#current === undefined) return 0;
    return this.#current.beganMs + TURN_MS - nowMs;
  }

  #start(beganMs: number): Turn {
    return this.#current = { beganMs };
  }

  #wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const [waiting, begin] of this.#waiting) {
      const waitMs = this.#waitMs(nowMs);
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#wake(), waitMs);
        return;
      }
      this.#waiting.delete(waiting);
      begin(this.#start(nowMs));
    }
  }
}
