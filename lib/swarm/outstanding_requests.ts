/**
 * The requests outstanding at one peer: which, how many at once, and whether they
 * are more than its share.
 *
 * Without shares, the first peer that announces a piece would get everybody's
 * requests for it and the peers that announce it a little later none: their uplinks
 * would idle while the first one's queue grows. So a peer that is ahead of others
 * is asked for no new piece. Measured in virtual time: two hundred peers of 2000
 * pieces on links of 10 Gbit/s have a median of 1.21 times the least time possible
 * instead of 1.50; a hundred of 600 pieces on gigabit links 1.20 instead of 1.26.
 *
 * @module
 */

/** Numbers of requests, each for one block. */
export interface RequestLimits {
  /** The window of a new connection, and the smallest one. */
  readonly leastCount: number;
  /** The largest window. */
  readonly mostCount: number;
  /** Requests that a peer may have beyond the average of all peers. */
  readonly slackCount: number;
}

/** The limits for blocks of 16 KiB. */
export const REQUEST_LIMITS: RequestLimits = {
  // The window doubles within a round trip. A hundred peers that start together
  // with 32 have the seeder send a small torrent 7 times, with 8 it is 4 times.
  leastCount: 8,
  // libtorrent, Transmission and aria2 accept at least as many without `reqq`. [BEP 10]
  mostCount: 250,
  // 128 KiB: a little more than a link holds.
  slackCount: 8,
};

/** Window of a peer that takes longer than {@linkcode SLOW_MS} for a block: one is on its way while another is served. */
const SLOW_COUNT = 2;
const SLOW_MS = 1_000;
/**
 * A block may wait this long at the peer beyond the shortest delay seen: longer
 * than a busy event loop takes for a turn, which would pass for a queue.
 */
const QUEUE_MS = 50;
/** Blocks that a peer without the fast extension may send unrequested. */
const MAX_STRAY_COUNT = 64;
/** A peer that rejects requests is asked for nothing, twice as long each time in a row. */
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;

/**
 * How many requests may be outstanding at one peer. With too few the wire idles for
 * a round trip; with too many they queue at the peer and hoard pieces that others
 * are about to announce. The window opens by one with each block received, so it
 * doubles each round trip, until blocks take longer than the wire alone would: then
 * they queue, and the window closes to the number that does not. One block at a
 * time is timed, which costs nothing for the others.
 *
 * Measured: one seeder and six leechers of 128 MiB on links of 200 Mbit/s are done
 * after 6.8 s, and after 8.3 s with windows that only grow; the bound is 5.4 s.
 * Without a limit on the links it makes no difference.
 */
export class RequestWindow {
  readonly #limits: RequestLimits;
  #size: number;
  /** The largest window, or the peer's limit if that is less. */
  #mostSize: number;
  #leastDelayMs = Infinity;
  #delayMs: number | undefined;
  #isOpening = true;
  /** The block that is timed. */
  #timed: { readonly id: number; readonly requestedAt: number } | undefined;

  constructor(limits: RequestLimits = REQUEST_LIMITS) {
    this.#limits = limits;
    this.#mostSize = limits.mostCount;
    this.#size = limits.leastCount;
  }

  /** Requests that may be outstanding now. */
  get size(): number {
    return this.#size;
  }

  /** How long the last timed block took, in milliseconds; `undefined` before the first. */
  get delayMs(): number | undefined {
    return this.#delayMs;
  }

  /** How long the timed block has been outstanding, in milliseconds; 0 if there is none. */
  waitingMs(now: number): number {
    return this.#timed === undefined ? 0 : now - this.#timed.requestedAt;
  }

  /** Limits the window to the number of requests that the peer queues. [BEP 10: `reqq`] */
  limit(count: number): void {
    this.#mostSize = Math.min(count, this.#limits.mostCount);
    this.#size = Math.min(this.#size, this.#mostSize);
  }

  requested(id: number, now: number): void {
    this.#timed ??= { id, requestedAt: now };
  }

  /** A requested block arrived. */
  received(id: number, now: number): void {
    if (this.#timed?.id === id) this.#adapt(now - this.#timed.requestedAt);
    else if (this.#isOpening) {
      this.#size = Math.min(this.#size + 1, this.#mostSize);
    }
  }

  /** Requests were dropped: the timed block may never arrive. */
  dropped(): void {
    this.#timed = undefined;
  }

  #adapt(delayMs: number): void {
    this.#timed = undefined;
    this.#delayMs = delayMs;
    this.#leastDelayMs = Math.min(this.#leastDelayMs, delayMs);
    const allowedMs = this.#leastDelayMs + QUEUE_MS;
    this.#isOpening = delayMs < allowedMs;
    if (this.#isOpening) return;
    const fitting = Math.floor(this.#size * allowedMs / delayMs);
    const least = delayMs < SLOW_MS ? this.#limits.leastCount : SLOW_COUNT;
    this.#size = Math.min(Math.max(fitting, least), this.#mostSize);
  }
}

/** The requests outstanding at all peers. */
export class RequestBalance {
  readonly limits: RequestLimits;
  /** Requests at peers that are not snubbed. */
  requestCount = 0;
  /** Peers that accept requests. */
  sourceCount = 0;

  constructor(limits: RequestLimits = REQUEST_LIMITS) {
    this.limits = limits;
  }
}

/**
 * The requests outstanding at one peer. An array, because a `Set` allocates a new
 * table every few requests, and mostly the oldest is answered first.
 */
export class OutstandingRequests implements Iterable<number> {
  readonly window: RequestWindow;
  readonly #balance: RequestBalance;
  /** Whether the peer answers each request, a cancelled one too. [BEP 6] */
  readonly #isFast: boolean;
  /** Of the blocks, oldest first. */
  readonly #ids: number[] = [];
  /** Requests made so far. */
  #totalCount = 0;
  #isAccepted = false;
  #isSnubbed = false;
  #lastProgressAt: number;
  #restsUntil = 0;
  /** Rests in a row. */
  #restCount = 0;
  /** Cancelled requests whose answer is still to come. */
  readonly #cancelled = new Set<number>();
  #strayCount = 0;

  constructor(
    balance: RequestBalance,
    options: { isFast: boolean; now: number },
  ) {
    this.#balance = balance;
    this.#isFast = options.isFast;
    this.#lastProgressAt = options.now;
    this.window = new RequestWindow(balance.limits);
  }

  get size(): number {
    return this.#ids.length;
  }

  /** Whether the window is full. */
  get isFull(): boolean {
    return this.#ids.length >= this.window.size;
  }

  /** Whether the peer has owed blocks for too long: others may be asked for them. */
  get isSnubbed(): boolean {
    return this.#isSnubbed;
  }

  /** Whether the peer accepts requests and answers them in time. */
  get isSource(): boolean {
    return this.#isAccepted && !this.#isSnubbed;
  }

  /** Whether the peer has more outstanding requests than its share. */
  get isAhead(): boolean {
    const { limits, requestCount, sourceCount } = this.#balance;
    return this.isSource &&
      (this.#ids.length - limits.slackCount) * sourceCount >= requestCount;
  }

  /** When the peer last delivered, or was asked while nothing was outstanding. */
  get lastProgressAt(): number {
    return this.#lastProgressAt;
  }

  /** Whether nothing is requested for now, because the peer rejected requests. */
  isResting(now: number): boolean {
    return now < this.#restsUntil;
  }

  has(id: number): boolean {
    return this.#ids.includes(id);
  }

  /** Adds a request for a block that is not outstanding here. */
  add(id: number, now: number): void {
    if (this.#ids.length === 0) this.#lastProgressAt = now;
    this.#ids.push(id);
    this.#totalCount++;
    this.#balance.requestCount++;
    this.window.requested(id, now);
  }

  /** Removes a request that is answered with a block; false if it is not outstanding. */
  delete(id: number): boolean {
    const place = this.#ids.indexOf(id);
    if (place < 0) return false;
    if (place === 0) this.#ids.shift();
    else this.#ids.splice(place, 1);
    if (!this.#isSnubbed) this.#balance.requestCount--;
    return true;
  }

  /** Removes a request that is not answered with a block; false if it is not outstanding. */
  drop(id: number): boolean {
    const isDropped = this.delete(id);
    if (isDropped) this.window.dropped();
    return isDropped;
  }

  /** Removes a request that we cancel; false if it is not outstanding. */
  cancel(id: number): boolean {
    const isDropped = this.drop(id);
    if (isDropped && this.#isFast) this.#cancelled.add(id);
    return isDropped;
  }

  clear(): void {
    if (!this.#isSnubbed) this.#balance.requestCount -= this.#ids.length;
    this.#ids.length = 0;
    this.window.dropped();
  }

  /** The block of a request was received. */
  received(id: number, now: number): void {
    this.#lastProgressAt = now;
    this.#restCount = 0;
    this.window.received(id, now);
  }

  /** Whether a block or reject answers a cancelled request; it does so once. */
  takeAnswer(id: number): boolean {
    return this.#cancelled.delete(id);
  }

  /**
   * Whether the peer may send a block that is not outstanding: it crossed with a
   * cancel or a choke, or was never requested. A peer with the fast extension tells
   * which; another may send no more blocks than were requested, and a few.
   */
  acceptsStray(id: number | undefined): boolean {
    return this.#isFast
      ? id !== undefined && this.takeAnswer(id)
      : ++this.#strayCount <= this.#totalCount + MAX_STRAY_COUNT;
  }

  setAccepted(isAccepted: boolean): void {
    this.#update(isAccepted, this.#isSnubbed);
  }

  /** The requests of a snubbed peer do not count in the shares of others. */
  setSnubbed(isSnubbed: boolean): void {
    if (!isSnubbed) this.window.dropped();
    this.#update(this.#isAccepted, isSnubbed);
  }

  /** The peer rejected a request: requested again at once it would reject again, as fast as the wire allows. */
  rest(now: number): void {
    // Requests that were outstanding together are rejected together.
    if (this.isResting(now)) return;
    const restMs = FIRST_REST_MS * 2 ** this.#restCount++;
    this.#restsUntil = now + Math.min(restMs, LONGEST_REST_MS);
  }

  endRest(): void {
    this.#restsUntil = 0;
  }

  /** Nothing could be received for a while, in milliseconds: the peer was not slow. */
  forgiveSilence(ms: number): void {
    this.#lastProgressAt += ms;
  }

  /** Oldest first. No request may be removed meanwhile. */
  [Symbol.iterator](): ArrayIterator<number> {
    return this.#ids.values();
  }

  #update(isAccepted: boolean, isSnubbed: boolean): void {
    const balance = this.#balance;
    if (this.isSource) balance.sourceCount--;
    if (isSnubbed !== this.#isSnubbed) {
      balance.requestCount += isSnubbed ? -this.size : this.size;
    }
    this.#isAccepted = isAccepted;
    this.#isSnubbed = isSnubbed;
    if (this.isSource) balance.sourceCount++;
  }
}
