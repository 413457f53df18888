/**
 * Limits the dials of one session, in all and to hosts that do not answer.
 * Trackers and peers name the addresses and may be wrong or hostile: no host gets
 * more than a few connection attempts from us, whatever they name.
 *
 * @module
 */
import { BoundedMap } from "../base/bounded_map.ts";
import { isLoopback } from "../base/ip_address.ts";
import { RateLimiter } from "../base/rate_limiter.ts";

const DIALS = { perSecond: 20, burst: 64 };
/** Failures of a host without a delay: a machine may run several peers, some of them gone. */
const FREE_FAILURES = 8;
/** Delay after the next failure, doubled with each further one, in milliseconds. */
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 120_000;
/** Hosts whose failures are remembered. */
const MAX_HOSTS = 1024;

/** The dials of one session. All times are milliseconds on one clock. */
export class DialLimiter {
  /** All dials: each takes 1 when it starts. */
  readonly rate: RateLimiter = new RateLimiter(DIALS);
  /** By hostname, since a peer last answered there. */
  readonly #failures = new BoundedMap<
    string,
    { count: number; notBeforeMs: number }
  >(MAX_HOSTS);

  delayOf(hostname: string, now: number): number {
    const failures = this.#failures.peek(hostname);
    return Math.max(0, (failures?.notBeforeMs ?? 0) - now);
  }

  answered(hostname: string): void {
    this.#failures.delete(hostname);
  }

  /** No peer answered at the host. This machine itself needs no protection. */
  failed(hostname: string, now: number): void {
    if (isLoopback(hostname)) return;
    const failures = this.#failures.peek(hostname) ??
      { count: 0, notBeforeMs: 0 };
    this.#failures.set(hostname, failures);
    const excess = ++failures.count - FREE_FAILURES;
    if (excess < 0) return;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** excess, MAX_DELAY_MS);
    failures.notBeforeMs = now + delayMs;
  }
}
