/**
 * Who is calling and has not said hello yet, and how often each host has called.
 * Owns the bounds: whoever opens connections by the thousand and says nothing
 * must not keep out those who do. Several peers at one address, as behind a
 * router, stay far below them.
 *
 * @module
 */
import type { PeerChannel } from "./peer_channel.ts";

/** Somebody who can be hung up on. */
export type Caller = Pick<PeerChannel, "hostname" | "isClosed" | "close">;

/** Callers that may be in the middle of their hello at once. */
const MAX_CALLERS = 128;
/** Of one host: more than honest ones behind one address that start together, and say hello at once. */
const MAX_CALLERS_OF_HOST = 64;
/** Calls of one host that are listened to at once, and in each second after that. */
const MOST_CALLS_OF_HOST = 256;
const CALLS_OF_HOST_PER_SECOND = 16;
/** Hosts that are remembered, unless more of them call too often. */
const MAX_HOSTS = 1024;

/** How much a host has called lately. */
interface Calls {
  /** Less as time goes by. */
  count: number;
  /** When the count was right, in milliseconds. */
  at: number;
}

/** The callers of one session. */
export class PeerCallers {
  /** Longest waiting first. */
  readonly #waiting = new Set<Caller>();
  readonly #calls = new Map<string, Calls>();

  /** Hosts that are remembered. */
  get hostCount(): number {
    return this.#calls.size;
  }

  /** A host calls. Returns whether to listen to it: not if it calls all the time. */
  isHeard(hostname: string, now: number): boolean {
    if (this.#calls.size >= MAX_HOSTS) this.#forgetQuiet(now);
    const calls = this.#calls.get(hostname) ?? { count: 0, at: now };
    this.#calls.set(hostname, calls);
    calls.count = countAt(calls, now);
    calls.at = now;
    if (calls.count >= MOST_CALLS_OF_HOST) return false;
    calls.count++;
    return true;
  }

  /** Takes a caller; who has waited longest makes room, of its own host if that has many. */
  add(caller: Caller): void {
    const { hostname } = caller;
    const ofHost = [...this.#waiting].filter((other) =>
      other.hostname === hostname
    );
    const isCrowd = ofHost.length >= MAX_CALLERS_OF_HOST;
    const [longest] = isCrowd ? ofHost : this.#waiting;
    if (isCrowd || this.#waiting.size >= MAX_CALLERS) longest?.close();
    if (longest?.isClosed) this.#waiting.delete(longest);
    this.#waiting.add(caller);
  }

  /** The caller has said hello, or is gone. */
  delete(caller: Caller): void {
    this.#waiting.delete(caller);
  }

  /** Hangs up on all of them. */
  close(): void {
    for (const caller of this.#waiting) caller.close();
  }

  #forgetQuiet(now: number): void {
    for (const [hostname, calls] of this.#calls) {
      if (countAt(calls, now) === 0) this.#calls.delete(hostname);
    }
  }
}

function countAt({ count, at }: Calls, now: number): number {
  return Math.max(0, count - (now - at) * CALLS_OF_HOST_PER_SECOND / 1000);
}
