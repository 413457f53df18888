/**
 * One torrent of a rollout: what the machine that shares knows of it beside the rows
 * of hosts. Pure.
 *
 * @module
 */
import type { InfoHash } from "../base/identifier.ts";
import { type Finish, forecast, type HostCourse } from "./forecast.ts";
import { isGone, isStaying, isStuck, type Row } from "./host_state.ts";
import {
  countCopies,
  type Holder,
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
}

/** A torrent that counts. */
export class RolloutShare {
  readonly #options: RolloutShareOptions;
  #light:
    | { readonly value: SourceLight; readonly madeAtMs: number }
    | undefined;

  #observedMs = -Infinity;
  /** The most that the source was seen to send, in bytes a second. */
  #mostUp = 0;

  constructor(options: RolloutShareOptions) {
    this.#options = options;
  }

  /** Length of the content, in bytes. */
  get length(): number {
    return this.#options.length;
  }

  /** Notes what the source sends; to be called at each sign of a host. */
  observe(nowMs: number): void {
    if (nowMs - this.#observedMs < OBSERVE_MS) return;
    this.#observedMs = nowMs;
    const { uploadBytesPerSecond = 0 } = this.#options.source()?.snapshot() ??
      {};
    this.#mostUp = Math.max(this.#mostUp, uploadBytesPerSecond);
  }

  /** The end of the share; `undefined` while no host moves. */
  finish(rows: Iterable<Row>, nowMs: number): Finish | undefined {
    const courses: HostCourse[] = [];
    for (const row of rows) {
      const part = row.parts.get(this.#options.infoHash);
      if (part === undefined) continue;
      const isComplete = part.left === 0;
      courses.push({
        ...part,
        isActive: !isComplete && row.report?.state !== "failed" &&
          !isGone(row, nowMs) && !isStuck(row, nowMs),
        completeAtMs: isComplete ? row.progressedMs : undefined,
      });
    }
    return forecast(courses, { nowMs, sourceUp: this.#mostUp });
  }

  /** The unplug light, at most a second old; `undefined` while there is no source. */
  light(
    rows: Iterable<Row>,
    { nowMs, ownHostnames }: {
      readonly nowMs: number;
      readonly ownHostnames: () => ReadonlySet<string>;
    },
  ): SourceLight | undefined {
    const source = this.#options.source();
    if (source === undefined) return undefined;
    const last = this.#light;
    if (last !== undefined && nowMs - last.madeAtMs < MAX_AGE_MS) {
      return last.value;
    }
    const value = lightOf(countCopies({
      torrent: source.torrent,
      peers: source.peerPieces(),
      holders: this.#holders(rows, nowMs),
      ownHostnames: ownHostnames(),
    }));
    this.#light = { value, madeAtMs: nowMs };
    return value;
  }

  *#holders(rows: Iterable<Row>, nowMs: number): Generator<Holder> {
    for (const row of rows) {
      const part = row.parts.get(this.#options.infoHash);
      if (part === undefined || !part.isPresent) continue;
      const hasAll = part.left === 0;
      if (!isStaying(row, { hasAll, nowMs })) continue;
      const { hostnames, claimed, peerId } = row;
      yield { hostnames, claimed, peerId, hasAll };
    }
  }
}
