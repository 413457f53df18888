/**
 * Pauses and limits the shares of a machine, and says what that means for a host that
 * reports. Each change has a number, which the next report of a host repeats. Pure.
 *
 * @module
 */
import type { HostControl, HostReport } from "./host_report.ts";
import { SharedLimit } from "./shared_limit.ts";

/** In the place of an id: all shares of a machine, later ones included. */
export const ALL_SHARES = "all";

/** The control of one share. */
export interface ShareSetting {
  /** True while no host is to transfer anything. */
  readonly isPaused: boolean;
  /** The most that its hosts may receive together; `undefined` for no limit. */
  readonly limit: SharedLimit | undefined;
}

/** The control of the shares of one machine. */
export class RolloutControl {
  /** The tokens of which a command needs one; none: no command is taken. */
  readonly tokens: Set<string> = new Set();
  /** Called after each change. */
  readonly listeners: Set<() => void> = new Set();
  /** The setting of shares without one of their own. */
  #common: ShareSetting = { isPaused: false, limit: undefined };
  readonly #own = new Map<string, ShareSetting>();
  #change = 1;
  #isEnding = false;

  /** Number of the last change, from 1. */
  get change(): number {
    return this.#change;
  }

  /** The setting of a share. */
  of(id: string): ShareSetting {
    return this.#own.get(id) ?? this.#common;
  }

  /** Pauses or resumes a share, or all of them. */
  setPaused(id: string | undefined, isPaused: boolean): void {
    this.#set(id, { isPaused });
  }

  /** Limits a share, or all of them together; `undefined` for no limit. */
  setLimit(id: string | undefined, bytesPerSecond: number | undefined): void {
    const limit = bytesPerSecond === undefined
      ? undefined
      : new SharedLimit(bytesPerSecond);
    this.#set(id, { limit });
  }

  /** A share has another id from now on. */
  rename(from: string, to: string): void {
    const setting = this.#own.get(from);
    this.#own.delete(from);
    if (setting !== undefined) this.#own.set(to, setting);
  }

  /** Releases all hosts, because the share ends. */
  end(): void {
    this.#isEnding = true;
    this.#announce();
  }

  /** The control of a host that reports from an address. */
  answer(
    report: HostReport,
    hostname: string,
    nowMs: number,
  ): Omit<HostControl, "source"> {
    const { infoHash, peerId, port, state } = report;
    const { isPaused, limit } = this.of(infoHash);
    const key = `${hostname} ${peerId ?? port} ${infoHash}`;
    const isReceiving = state === "fetching" && !isPaused;
    const isHeard = report.change !== undefined;
    if (!isReceiving) limit?.leave(key);
    const part = isReceiving && isHeard
      ? limit?.partOf(key, report.downloadBytesPerSecond, nowMs)
      : limit?.nextPart;
    return {
      change: this.#change,
      isPaused: isPaused && !this.#isEnding,
      maxBytesPerSecond: this.#isEnding || part === undefined
        ? undefined
        : Math.max(1, Math.floor(part)),
      isEnding: this.#isEnding,
    };
  }

  #set(id: string | undefined, change: Partial<ShareSetting>): void {
    if (id === undefined) {
      this.#common = { ...this.#common, ...change };
      for (const [id, own] of this.#own) {
        this.#own.set(id, { ...own, ...change });
      }
    } else this.#own.set(id, { ...this.of(id), ...change });
    this.#announce();
  }

  #announce(): void {
    this.#change++;
    for (const listener of this.listeners) listener();
  }
}
