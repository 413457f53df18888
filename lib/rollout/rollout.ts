/**
 * A rollout: the hosts that fetch the shares of one machine, each with its state, and
 * the verdict on all of them. Announces of any client and reports of our peers come
 * in; states follow from the time that is passed in, so no timer is needed. Invariant:
 * nothing that a host claims changes the row of another address. Pure.
 *
 * @module
 */
import type { InfoHash, PeerId } from "../base/identifier.ts";
import type { PeerAnnounce } from "../tracker/store/peer_store.ts";
import { type Expectation, placeHosts } from "./expectation.ts";
import type { Finish } from "./forecast.ts";
import { type HostReport, isOver } from "./host_report.ts";
import type { HostRow, Part } from "./host_row.ts";
import { isVerified, NEVER_SEEN, type RolloutHost } from "./host_state.ts";
import { RolloutControl } from "./rollout_control.ts";
import {
  RolloutShare,
  type ShareSource,
  type SourceLight,
  worstOf,
} from "./rollout_share.ts";
import { RowTable } from "./row_table.ts";
import { SlowHosts } from "./slow_hosts.ts";

/** Least time between two reports of a host that count, in milliseconds. */
const LEAST_REPORT_MS = 200;

/** The result of a rollout so far. */
export interface Verdict {
  /** Hosts that are expected; `undefined` without `--expect`. */
  readonly expected?: number | undefined;
  /** Hosts that are enough; `undefined` without `--expect` and `--at-least`. */
  readonly needed?: number | undefined;
  /** Hosts that count and are verified. */
  readonly verified: number;
  /** True if enough hosts are verified. */
  readonly isMet: boolean;
  /** Hosts that count and are not verified, as far as they are known. */
  readonly missing: readonly RolloutHost[];
}

/** An announce, as far as it counts. */
export type HostAnnounce =
  & Pick<
    PeerAnnounce,
    "peerId" | "infoHash" | "hostname" | "port" | "left" | "event"
  >
  & Partial<Pick<PeerAnnounce, "key">>;

/** Options of {@linkcode Rollout}. */
export interface RolloutOptions {
  /** The hosts that count. @default {all, and none is missed} */
  readonly expectation?: Expectation | undefined;
  /** Fewer hosts that are enough. @default {all that are expected} */
  readonly atLeast?: number | undefined;
  /** The IP addresses of this machine, beside loopback ones. @default none */
  readonly ownHostnames?: () => ReadonlySet<string>;
}

/** The hosts of one process that shares. */
export class Rollout {
  /** Pauses and limits the shares. */
  readonly control: RolloutControl = new RolloutControl();
  readonly #options: RolloutOptions;
  readonly #rows = new RowTable();
  /** The torrents that count; peers may announce others. */
  readonly #shares = new Map<InfoHash, RolloutShare>();
  /** @internal For {@linkcode HostProbes}: why hosts are slow. */
  readonly slow: SlowHosts = new SlowHosts();
  /** The time at which a program last asked for the rows. */
  lastReadMs: number = -Infinity;
  /** The peer of this process, which is not counted. */
  own: PeerId | undefined;

  /** Knows no host yet. */
  constructor(options: RolloutOptions = {}) {
    this.#options = options;
  }

  /**
   * Counts a torrent from now on.
   * @param source The peer that sends it. @default none
   */
  addShare(
    infoHash: InfoHash,
    length: number,
    source: () => ShareSource | undefined = () => undefined,
  ): void {
    const { ownHostnames = () => new Set() } = this.#options;
    const share = { infoHash, length, source, rows: this.#rows, ownHostnames };
    this.#shares.set(infoHash, new RolloutShare(share));
  }

  /**
   * The end; `undefined` while no host moves, or the share is paused.
   * @param infoHash Its torrent. @default {the one that ends last}
   */
  finish(nowMs: number, infoHash?: InfoHash): Finish | undefined {
    let last: Finish | undefined;
    for (const [id, share] of this.#shares) {
      const isOther = (infoHash ?? id) !== id;
      if (isOther || this.control.of(id).isPaused) continue;
      const finish = share.finish(nowMs);
      if (finish && finish.endMs > (last?.endMs ?? -Infinity)) last = finish;
    }
    return last;
  }

  /**
   * The unplug light; `undefined` while nothing is sent.
   * @param infoHash Its torrent. @default {the one that needs its source most}
   */
  light(nowMs: number, infoHash?: InfoHash): SourceLight | undefined {
    const lights = [...this.#shares].flatMap(([id, share]) =>
      (infoHash ?? id) === id ? share.light(nowMs) ?? [] : []
    );
    return worstOf(lights);
  }

  /** Takes an announce that the tracker has accepted. */
  announced(announce: HostAnnounce, nowMs: number): void {
    const { peerId, infoHash, left, event } = announce;
    if (peerId === this.own || !this.#shares.has(infoHash)) return;
    const row = this.#rows.of(announce, nowMs);
    if (row === undefined) return;
    row.lastSeenMs = nowMs;
    // A host that wants a part announces what the whole torrent lacks. An announce may
    // be older than the report of a host that has everything.
    const { report } = row;
    const isReported = report?.infoHash === infoHash &&
      report.peerId === peerId &&
      (report.wantedBytes !== undefined || hasAll(report));
    const known = isReported ? row.parts.get(infoHash) : undefined;
    const part = known ?? this.#progress(row, { infoHash, left, nowMs });
    part.isPresent = event !== "stopped";
  }

  /** Takes a report that came from an IP address; false if its torrent does not count. */
  reported(report: HostReport, hostname: string, nowMs: number): boolean {
    const share = this.#shares.get(report.infoHash);
    if (share === undefined) return false;
    const { length } = share.options;
    if (report.peerId !== undefined && report.peerId === this.own) return true;
    const row = this.#rows.of({ ...report, hostname }, nowMs);
    const { infoHash, state, fraction, name } = report;
    // The last report of a host that fails at once follows its first one.
    const isNews = isOver(report) && row?.report?.state !== state;
    const isEarly = row !== undefined && !isNews &&
      nowMs - row.reportedMs < LEAST_REPORT_MS;
    if (row === undefined || isEarly) return true;
    // A host that waits or verifies is not stuck, nor was it when that is over.
    if (state !== "fetching" && !row.isComplete) row.progressedMs = nowMs;
    row.lastSeenMs = row.reportedMs = nowMs;
    row.report = report;
    row.name = name;
    row.claimed = report.addresses;
    if (state === "fetching") {
      row.judgement.noteRate(report.downloadBytesPerSecond);
    }
    const wanted = Math.min(report.wantedBytes ?? length, length);
    row.part(infoHash).want(wanted);
    // A host with everything but the last hash lacks something.
    const left = hasAll(report)
      ? 0
      : Math.max(1, Math.round(wanted * (1 - fraction)));
    this.#progress(row, { infoHash, left, nowMs }).isPresent = true;
    return true;
  }

  /**
   * The rows of now: the expected hosts first, in their order, then all others.
   * @param infoHash The torrent that they take part in. @default all
   */
  hosts(nowMs: number, infoHash?: InfoHash): RolloutHost[] {
    const rows = infoHash === undefined || this.#shares.size === 1
      ? this.#rows
      : Array.from(this.#rows).flatMap((row) => row.of(infoHash) ?? []);
    this.#judge(nowMs);
    const { expectation } = this.#options;
    return placeHosts(rows, { expectation, nowMs }).map(({ row, ...place }) => {
      if (row === undefined) return { ...place, ...NEVER_SEEN };
      const { left, length } = this.#lackOf(row);
      return row.describe({
        ...{ ...place, isPaused: this.#isPaused(row), nowMs },
        fraction: row.isComplete ? 1 : length === 0 ? 0 : 1 - left / length,
      });
    });
  }

  /** The verdict on rows of {@linkcode hosts}. */
  verdict(hosts: readonly RolloutHost[]): Verdict {
    const { expectation, atLeast } = this.#options;
    const counted = expectation?.type === "hosts"
      ? hosts.filter(({ isExpected }) => isExpected)
      : hosts;
    const missing = counted.filter((host) => !isVerified(host));
    const expected = expectation?.type === "hosts"
      ? expectation.names.length
      : expectation?.count;
    const needed = atLeast ?? expected;
    const verified = counted.length - missing.length;
    const isMet = needed !== undefined && verified >= needed;
    return { expected, needed, verified, isMet, missing };
  }

  #judge(nowMs: number): void {
    const free: HostRow[] = [];
    for (const row of this.#rows) {
      if (this.#isPaused(row)) {
        // The time until it counts as stuck begins anew when it is resumed.
        row.progressedMs = nowMs;
        row.judgement.end();
      } else free.push(row);
    }
    this.slow.judge(free, {
      nowMs,
      ownCount: this.own === undefined ? 0 : 1,
      missingLengthOf: (row) => this.#lackOf(row).left,
    });
  }

  /** True for a host that lacks a part of a share that is paused. */
  #isPaused(row: HostRow): boolean {
    return !row.isComplete &&
      row.parts.entries().some(([infoHash, part]) =>
        part.left > 0 && this.control.of(infoHash).isPaused
      );
  }

  /** The bytes that a host lacks, of those of all torrents in which it takes part. */
  #lackOf({ parts }: HostRow): Record<"left" | "length", number> {
    const lack = { left: 0, length: 0 };
    for (const [infoHash, part] of parts) {
      const { length } = this.#shares.get(infoHash)!.options;
      const wanted = Math.min(part.wanted, length);
      // A peer with a magnet link does not know the length.
      lack.left += Math.min(part.left, wanted);
      lack.length += wanted;
    }
    return lack;
  }

  #progress(
    row: HostRow,
    { infoHash, left, nowMs }: {
      readonly infoHash: InfoHash;
      readonly left: number;
      readonly nowMs: number;
    },
  ): Part {
    const part = row.part(infoHash);
    if (left < part.left) row.progressedMs = nowMs;
    part.left = left;
    const { downloadBytesPerSecond: down, uploadBytesPerSecond: up = 0 } =
      row.report ?? {};
    if (left < Infinity) {
      part.progress.add(left, { nowMs, bytesPerSecond: down });
    }
    part.mostDown = Math.max(part.mostDown, down ?? 0);
    part.mostUp = Math.max(part.mostUp, up);
    this.#shares.get(infoHash)?.observe(nowMs);
    return part;
  }
}

function hasAll({ state }: HostReport): boolean {
  return state === "verified" || state === "done";
}
