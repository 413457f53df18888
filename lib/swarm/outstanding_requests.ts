/**
 * The requests outstanding at one peer, their limit, and the peer's share of all
 * requests. A peer with more than its share gets no request for a new piece: the first
 * peer that announces a piece would get everybody's requests for it, and the uplinks
 * of peers that announce the piece a little later would idle.
 *
 * Measured in virtual time: two hundred peers of 2000 pieces on links of 10 Gbit/s
 * have a median of 1.21 times the least time possible instead of 1.50.
 *
 * @module
 */
import { RateMeter } from "../base/rate_meter.ts";

/** Numbers of requests, each for one block of 16 KiB. */
export const REQUEST_LIMITS = {
  /** The smallest window, and that of a new connection: a hundred peers that start with 32 have the seeder send a small torrent 7 times, not 4. */
  leastCount: 8,
  /** The largest window: libtorrent, Transmission and aria2 accept as many. [BEP 10] */
  mostCount: 250,
  /** Requests that one peer may have beyond the average of all peers: a little more than a link holds. */
  slackCount: 8,
};

/** Other limits, for a simulation of larger blocks. */
export type RequestLimits = Readonly<typeof REQUEST_LIMITS>;

/** A window of LOT_COUNT requests or more is refilled only when at most LOW_SHARE of it is outstanding. Measured: 4 to 7 % less CPU time. */
const LOT_COUNT = 16;
const LOW_SHARE = 0.7;
/** Least window of a peer that takes {@linkcode SLOW_MS} or longer for a block: one block is on its way while the peer serves another. */
const SLOW_COUNT = 2;
const SLOW_MS = 1_000;
/** Time that a block may queue at each of a few peers: more than one turn of a busy event loop, which would be mistaken for a queue. */
const QUEUE_MS = 50;
/** Peers whose queues may last QUEUE_MS. With more peers each queue is shorter: queued pieces cannot be passed on, and the least windows of many peers fill a link. */
const FEW_SOURCES = 8;
const LEAST_QUEUE_MS = 10;
/** Time that blocks of all peers together may queue on our own link: with more, peers that answer at once would seem late. */
const OWN_QUEUE_MS = 2_000;
/** The same for the first request to a peer, once the rate is known: with longer queues, many peers would all seem late on a slow link. */
const LONGEST_OWN_QUEUE_MS = 8_000;
const RATE_KNOWN_MS = 1_000;
/** Blocks that a peer without the fast extension may send beyond those that were requested. */
const MAX_STRAY_COUNT = 64;
/** A peer that rejects requests gets none for a while, twice as long each time in a row. */
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;

/**
 * Limits the requests outstanding at one peer. With too few requests the wire idles for
 * a round trip. Too many queue at the peer, for pieces that others are about to announce.
 * Each block received opens the window by one, so the window doubles each round trip.
 * When blocks take longer than the wire alone, the window closes to the number that does
 * not queue. One block at a time is timed.
 *
 * Measured: one seeder and six leechers of 128 MiB on links of 200 Mbit/s are done
 * after 6.8 s, and after 8.3 s with windows that only grow; the bound is 5.4 s. In
 * virtual time, 100 MiB at 1 Gbit/s for 40, 300 and 1,000 peers took 1.23, 1.37 and
 * 1.38 of the bound while blocks could queue for 50 ms at each peer, however many.
 */
export class RequestWindow {
  /** Requests that may be outstanding now. */
  size: number;
  /** Delay of the last timed block, in milliseconds; `undefined` before the first. */
  delayMs: number | undefined;
  readonly #limits: RequestLimits;
  /** The largest window, or the peer's limit if that is less. */
  #mostSize: number;
  #leastDelayMs = Infinity;
  #isOpening = true;
  /** The block that is timed. */
  #timed: { readonly id: number; readonly requestedAt: number } | undefined;

  constructor(limits: RequestLimits = REQUEST_LIMITS) {
    this.#limits = limits;
    this.#mostSize = limits.mostCount;
    this.size = limits.leastCount;
  }

  /** Time that the timed block has been outstanding, in milliseconds. */
  waitingMs(now: number): number {
    return this.#timed === undefined ? 0 : now - this.#timed.requestedAt;
  }

  /** Limits the window to the number of requests that the peer queues. [BEP 10: `reqq`] */
  limit(count = Infinity): void {
    this.#mostSize = Math.min(count, this.#limits.mostCount);
    this.size = Math.min(this.size, this.#mostSize);
  }

  requested(id: number, requestedAt: number): void {
    this.#timed ??= { id, requestedAt };
  }

  /** A requested block arrived. @param sourceCount Peers that accept requests. */
  received(id: number, now: number, sourceCount = 1): void {
    if (this.#timed?.id === id) {
      this.#adapt(now - this.#timed.requestedAt, sourceCount);
    } else if (this.#isOpening) {
      this.size = Math.min(this.size + 1, this.#mostSize);
    }
  }

  /** The timed block may never arrive. */
  dropped(): void {
    this.#timed = undefined;
  }

  #adapt(delayMs: number, sourceCount: number): void {
    this.#timed = undefined;
    this.delayMs = delayMs;
    this.#leastDelayMs = Math.min(this.#leastDelayMs, delayMs);
    const queueMs = QUEUE_MS * Math.min(1, FEW_SOURCES / sourceCount) ** 2;
    const allowedMs = this.#leastDelayMs + Math.max(LEAST_QUEUE_MS, queueMs);
    this.#isOpening = delayMs < allowedMs;
    if (this.#isOpening) return;
    const fitting = Math.floor(this.size * allowedMs / delayMs);
    const least = delayMs < SLOW_MS ? this.#limits.leastCount : SLOW_COUNT;
    this.size = Math.min(Math.max(fitting, least), this.#mostSize);
  }
}

/** The requests outstanding at all peers that are not snubbed. */
export class RequestBalance {
  readonly limits: RequestLimits;
  requestCount = 0;
  /** Peers that accept requests. */
  sourceCount = 0;
  /** The rate of blocks, from the first one on. */
  #blocks: { readonly rate: RateMeter; readonly sinceMs: number } | undefined;
  /** Requests at all peers from which a peer gets no more, or not its first. */
  #mostCounts: { readonly more: number; readonly first: number };

  constructor(limits: RequestLimits = REQUEST_LIMITS) {
    this.limits = limits;
    this.#mostCounts = { more: 2 * limits.leastCount, first: Infinity };
  }

  /** True if the requests of all peers fill our own link for a while. */
  isFull(request: "more" | "first"): boolean {
    return this.requestCount >= this.#mostCounts[request];
  }

  /** Time in which all outstanding blocks arrive at the present rate; 0 if none arrive. */
  drainMs(now: number): number {
    const perSecond = this.#blocks?.rate.perSecond(now) ?? 0;
    return perSecond > 0 ? this.requestCount * 1000 / perSecond : 0;
  }

  /** Blocks arrived, of any peer. */
  received(count: number, now: number): void {
    this.#blocks ??= { rate: new RateMeter(now), sinceMs: now };
    const { rate, sinceMs } = this.#blocks;
    rate.add(count, now);
    const perSecond = rate.perSecond(now);
    const fitting = (queueMs: number): number =>
      Math.max(2 * this.limits.leastCount, perSecond * queueMs / 1000);
    const isKnown = now - sinceMs >= RATE_KNOWN_MS;
    this.#mostCounts = {
      more: fitting(OWN_QUEUE_MS),
      first: isKnown ? fitting(LONGEST_OWN_QUEUE_MS) : Infinity,
    };
  }
}

/** The requests outstanding at one peer, in an array: a `Set` allocates a new table every few requests. */
export class OutstandingRequests implements Iterable<number> {
  readonly window: RequestWindow;
  /** Time of the peer's last block, or of a later request made while none was outstanding. */
  lastProgressAt: number;
  /** True if the peer's requests are late: other peers may get them too. */
  isSnubbed = false;
  readonly #balance: RequestBalance;
  /** True if the peer answers every request, even a cancelled one. [BEP 6] */
  readonly #isFast: boolean;
  /** Ids of the requested blocks, oldest first. */
  readonly #ids: number[] = [];
  /** Cancelled requests whose answer is still to come. */
  readonly #cancelled = new Set<number>();
  #isAccepted = false;
  #restsUntil = 0;
  /** Rests in a row. */
  #restCount = 0;
  #strayAllowance = MAX_STRAY_COUNT;

  constructor(
    balance: RequestBalance,
    { isFast, now }: { isFast: boolean; now: number },
  ) {
    this.#balance = balance;
    this.#isFast = isFast;
    this.lastProgressAt = now;
    this.window = new RequestWindow(balance.limits);
  }

  get size(): number {
    return this.#ids.length;
  }

  /** True if enough requests are outstanding to make the next ones later, in a lot. */
  get isWellFilled(): boolean {
    const { size } = this.window;
    return size >= LOT_COUNT && this.#ids.length > LOW_SHARE * size;
  }

  /** True if the window or our own link is full. */
  get isFull(): boolean {
    return this.size >= this.window.size ||
      this.#balance.isFull(this.size > 0 ? "more" : "first");
  }

  /** True if the peer accepts requests and answers them in time. */
  get isSource(): boolean {
    return this.#isAccepted && !this.isSnubbed;
  }

  /** True if the peer has more outstanding requests than its share. */
  get isAhead(): boolean {
    const { limits, requestCount, sourceCount } = this.#balance;
    return this.isSource &&
      (this.#ids.length - limits.slackCount) * sourceCount >= requestCount;
  }

  /** True if nothing is requested for now, because the peer rejected requests. */
  isResting(now: number): boolean {
    return now < this.#restsUntil;
  }

  has(id: number): boolean {
    return this.#ids.includes(id);
  }

  /** Adds a request for a block that is not outstanding here. */
  add(id: number, now: number): void {
    if (this.#ids.length === 0) this.lastProgressAt = now;
    this.#ids.push(id);
    this.#strayAllowance++;
    this.#balance.requestCount++;
    this.window.requested(id, now);
  }

  /** Removes a request that is answered with a block; false if there is none. */
  delete(id: number): boolean {
    const place = this.#ids.indexOf(id);
    if (place < 0) return false;
    this.#ids.splice(place, 1);
    if (!this.isSnubbed) this.#balance.requestCount--;
    return true;
  }

  /** Removes a request that is not answered with a block; false if there is none. */
  drop(id: number): boolean {
    const isDropped = this.delete(id);
    if (isDropped) this.window.dropped();
    return isDropped;
  }

  /** Removes a request that we cancel; false if there is none. */
  cancel(id: number): boolean {
    const isDropped = this.drop(id);
    if (isDropped && this.#isFast) this.#cancelled.add(id);
    return isDropped;
  }

  clear(): void {
    if (!this.isSnubbed) this.#balance.requestCount -= this.#ids.length;
    this.#ids.length = 0;
    this.setSnubbed(false);
  }

  /** The block of a request was received. */
  received(id: number, now: number): void {
    this.lastProgressAt = now;
    this.#restCount = 0;
    this.window.received(id, now, this.#balance.sourceCount);
  }

  /** True for the first block or reject that answers a cancelled request. */
  takeAnswer(id: number): boolean {
    return this.#cancelled.delete(id);
  }

  /** True if the peer may send a block that is not outstanding: the block may have crossed with a cancel or a choke. */
  acceptsStray(id: number | undefined): boolean {
    if (!this.#isFast) return --this.#strayAllowance >= 0;
    return id !== undefined && this.takeAnswer(id);
  }

  setAccepted(isAccepted: boolean): void {
    if (this.isSource) this.#balance.sourceCount--;
    this.#isAccepted = isAccepted;
    if (this.isSource) this.#balance.sourceCount++;
  }

  /** A snubbed peer's requests do not count in the shares of others. */
  setSnubbed(isSnubbed: boolean): void {
    if (!isSnubbed) this.window.dropped();
    if (isSnubbed === this.isSnubbed) return;
    if (this.isSource) this.#balance.sourceCount--;
    this.#balance.requestCount += isSnubbed ? -this.size : this.size;
    this.isSnubbed = isSnubbed;
    if (this.isSource) this.#balance.sourceCount++;
  }

  /** The peer rejected a request, and would reject another as fast as the wire allows. */
  rest(now: number): void {
    // Requests that were outstanding together are rejected together.
    if (this.isResting(now)) return;
    const restMs = FIRST_REST_MS * 2 ** this.#restCount++;
    this.#restsUntil = now + Math.min(restMs, LONGEST_REST_MS);
  }

  endRest(): void {
    this.#restsUntil = 0;
  }

  /** Does not count a time in which nothing could be received, in milliseconds. */
  forgiveSilence(ms: number): void {
    this.lastProgressAt += ms;
  }

  /** Oldest first. No request may be removed meanwhile. */
  [Symbol.iterator](): ArrayIterator<number> {
    return this.#ids.values();
  }
}
