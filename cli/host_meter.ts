/**
 * Measures a machine while it fetches: the evidence from which the tracker of its
 * share judges why it is slow. Timers that are late show a busy processor.
 *
 * @module
 */
import type { HostEvidence, TransferLoad } from "../mod.ts";
import { type InterfaceAddress, mainAddresses } from "./lan_addresses.ts";

/** Time between two measurements, in milliseconds: while it fetches, and while there is nothing to measure. */
const TIMER_MS = { busy: 50, idle: 1_000 } as const;
/** Time over which measurements are averaged, in milliseconds. */
const WINDOW_MS = 5_000;
/** Names of wireless interfaces: on Linux and BSD, and on Windows. */
const WIRELESS_NAME = /^(wl|ath|iwm|iwn|ra\d)|wi-?fi|wlan|wireless/i;

/** Measures until it is disposed of. */
export class HostMeter implements Disposable {
  readonly #load: () => TransferLoad | undefined;
  readonly #limitBytesPerSecond: number;
  #timer: ReturnType<typeof setTimeout>;
  #atMs = performance.now();
  #last: TransferLoad | undefined;
  /** Moving averages. */
  #shares = { disk: 0, late: 0, hash: 0, idle: 0, stall: 0 };

  /**
   * Measures from now on.
   * @param load The load of the transfer; `undefined` while nothing is fetched.
   */
  constructor(
    load: () => TransferLoad | undefined,
    limitBytesPerSecond: number,
  ) {
    this.#load = load;
    this.#limitBytesPerSecond = limitBytesPerSecond;
    this.#timer = setTimeout(() => this.#measure());
  }

  /** The measurements of the last seconds; `undefined` before there are any. */
  evidence(): HostEvidence | undefined {
    if (this.#last === undefined) return undefined;
    return {
      ...this.#shares,
      peerCount: this.#last.peerCount,
      limitBytesPerSecond: this.#limitBytesPerSecond,
      isWireless: isWireless(Deno.networkInterfaces()),
    };
  }

  #measure(): void {
    const now = performance.now();
    const elapsedMs = now - this.#atMs;
    this.#atMs = now;
    const [last, load] = [this.#last, this.#load()];
    this.#last = load;
    const timerMs = TIMER_MS[load === undefined ? "idle" : "busy"];
    this.#timer = setTimeout(() => this.#measure(), timerMs);
    if (load === undefined || last === undefined || elapsedMs <= 0) return;
    const { peerCount, sourceCount, owingCount, stalledCount } = load;
    const shares = {
      disk: (load.writingMs - last.writingMs) / elapsedMs,
      late: (elapsedMs - TIMER_MS.busy) / elapsedMs,
      hash: (load.hashingMs - last.hashingMs) / elapsedMs,
      idle: peerCount > 0 && sourceCount === 0 ? 1 : 0,
      stall: owingCount === 0 ? 0 : stalledCount / owingCount,
    };
    const weight = 1 - Math.exp(-elapsedMs / WINDOW_MS);
    const average = (key: keyof typeof shares): number => {
      const value = Math.min(Math.max(shares[key], 0), 1);
      return this.#shares[key] + (value - this.#shares[key]) * weight;
    };
    this.#shares = {
      disk: average("disk"),
      late: average("late"),
      hash: average("hash"),
      idle: average("idle"),
      stall: average("stall"),
    };
  }

  /** Measures no more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** True if a machine has wireless networks alone, as far as names of interfaces say. */
export function isWireless(addresses: readonly InterfaceAddress[]): boolean {
  const main = new Set(mainAddresses(addresses));
  const used = addresses.filter(({ address }) => main.has(address));
  return used.length > 0 && used.every(({ name }) => WIRELESS_NAME.test(name));
}
