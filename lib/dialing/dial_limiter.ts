/**
 * How many calls we make, in all and to hosts where nobody answers. Trackers and
 * peers say whom to call, and may be wrong or mean harm: whatever they name, no
 * host hears more of us than now and then, and none is called again as soon as it
 * has not answered. Shared by all torrents of a session.
 *
 * @module
 */
import { isLoopback } from "../base/ip_address.ts";

/** Calls in a second, and at once after a while without. */
const CALLS_PER_SECOND = 20;
const MOST_AT_ONCE = 64;
/** Unanswered calls that a host has free: there are machines with several peers, some of them gone. */
const FREE_FAILURES = 8;
/** Pause before the next call to such a host, doubled with each, in milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 120_000;
/** Hosts whose silence is remembered; the one heard of first is forgotten for another. */
const MAX_HOSTS = 1024;

interface Silence {
  failureCount: number;
  /** In milliseconds. */
  notBefore: number;
}

/** The calls of one session. */
export class CallBudget {
  readonly #silences = new Map<string, Silence>();
  /** When all calls so far would have been made, had they been made evenly. */
  #paidUntil = -Infinity;

  /** Whether there may be a call now. */
  mayCall(now: number): boolean {
    const most = MOST_AT_ONCE * 1000 / CALLS_PER_SECOND;
    return this.#paidUntil + 1000 / CALLS_PER_SECOND - now <= most;
  }

  /** How long a host is to be left alone, in milliseconds. */
  restOf(hostname: string, now: number): number {
    const silence = this.#silences.get(hostname);
    return silence === undefined ? 0 : Math.max(0, silence.notBefore - now);
  }

  /** A call is made. */
  called(now: number): void {
    this.#paidUntil = Math.max(this.#paidUntil, now) + 1000 / CALLS_PER_SECOND;
  }

  /** A peer answered there. */
  answered(hostname: string): void {
    this.#silences.delete(hostname);
  }

  /** Nobody answered there, or no peer. Our own machine is nobody else's to protect. */
  unanswered(hostname: string, now: number): void {
    if (isLoopback(hostname)) return;
    const silence = this.#silences.get(hostname) ??
      { failureCount: 0, notBefore: 0 };
    this.#silences.delete(hostname);
    this.#silences.set(hostname, silence);
    const excess = ++silence.failureCount - FREE_FAILURES;
    if (excess >= 0) {
      const pauseMs = FIRST_PAUSE_MS * 2 ** excess;
      silence.notBefore = now + Math.min(pauseMs, LONGEST_PAUSE_MS);
    }
    if (this.#silences.size > MAX_HOSTS) {
      const [first] = this.#silences.keys();
      this.#silences.delete(first!);
    }
  }
}
