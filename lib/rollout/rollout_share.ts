/**
 * A torrent of a rollout: its unplug light and its end, from the source and the rows
 * of hosts. Pure.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import { type Finish, forecast } from "./forecast.ts";
import type { HostRow, Part } from "./host_row.ts";
import {
  countCopies,
  lightOf,
  type ShareSource,
  type SourceLight,
} from "./source_light.ts";

/** Age up to which a light serves again, in milliseconds: one of 100,000 pieces takes 20 ms. */
const MAX_AGE_MS = 1_000;
/** Least time between two observations of the source, in milliseconds. */
const OBSERVE_MS = 900;

/** Options of {@linkcode RolloutShare}. */
export interface RolloutShareOptions {
  readonly infoHash: InfoHash;
  /** Of the content, in bytes. */
  readonly length: number;
  /** The peer that sends it; `undefined` while there is none. */
  readonly source: () => ShareSource | undefined;
  /** All hosts of the rollout. */
  readonly rows: Iterable<HostRow>;
  /** The IP addresses of this machine, beside loopback ones. */
  readonly ownHostnames: () => ReadonlySet<string>;
}

/** A torrent that counts. */
export class RolloutShare {
  readonly options: RolloutShareOptions;
  #light: SourceLight | undefined;
  #litMs = -Infinity;
  #observedMs = -Infinity;
  /** The most that the source was seen to send, in bytes a second. */
  #mostUp = 0;

  constructor(options: RolloutShareOptions) {
    this.options = options;
  }

  /** Notes what the source sends; to be called at each sign of a host. */
  observe(nowMs: number): void {
    if (nowMs - this.#observedMs < OBSERVE_MS) return;
    this.#observedMs = nowMs;
    const rate = this.options.source()?.snapshot().uploadBytesPerSecond ?? 0;
    this.#mostUp = Math.max(this.#mostUp, rate);
  }

  /** The end of the share; `undefined` while no host moves. */
  finish(nowMs: number): Finish | undefined {
    const courses = this.#takingPart().map(([row, part]) => {
      const isComplete = part.left === 0;
      return {
        ...part,
        isActive: !isComplete && row.report?.state !== "failed" &&
          !row.isGone(nowMs) && !row.isStuck(nowMs),
        completeAtMs: isComplete ? row.progressedMs : undefined,
      };
    });
    return forecast(courses, { nowMs, sourceUp: this.#mostUp });
  }

  /** The unplug light, at most a second old; `undefined` while there is no source. */
  light(nowMs: number): SourceLight | undefined {
    const { ownHostnames, ...options } = this.options;
    const source = options.source();
    if (source === undefined) return undefined;
    if (nowMs - this.#litMs < MAX_AGE_MS) return this.#light;
    this.#litMs = nowMs;
    const holders = this.#takingPart().flatMap(([row, { left, isPresent }]) => {
      const { hostnames, claimed, peerId } = row;
      const hasAll = left === 0;
      const stays = isPresent && row.isStaying(hasAll, nowMs);
      return stays ? [{ hostnames, claimed, peerId, hasAll }] : [];
    });
    return this.#light = lightOf(countCopies({
      ...{ torrent: source.torrent, peers: source.peerPieces(), holders },
      ownHostnames: ownHostnames(),
    }));
  }

  #takingPart(): [row: HostRow, part: Part][] {
    const { infoHash, rows } = this.options;
    return Array.from(rows).flatMap((row) => {
      const part = row.parts.get(infoHash);
      return part === undefined ? [] : [[row, part]];
    });
  }
}
