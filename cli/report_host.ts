/**
 * Reports this machine to the tracker of the share that it fetches: its name, state and
 * rates, once a second while it fetches and once in ten afterwards, with the evidence
 * from which the tracker judges why it is slow. Timers that are late show a busy
 * processor. A tracker that takes no reports is left alone.
 */
import { delay } from "@std/async/delay";
import type { Session, TransferLoad } from "../lib/peers.ts";
import {
  failureCode,
  freeLength,
  type HostControl,
  type HostEvidence,
  type HostReport,
  isOver,
  type ReportedState,
  ReportSender,
} from "../lib/shares.ts";
import type { Torrent } from "../lib/torrents.ts";
import {
  type InterfaceAddress,
  mainAddresses,
  ownNames,
} from "./lan_addresses.ts";
import type { PeerJob } from "./peer_job.ts";
import { describeError } from "./program_error.ts";
import { fractionOf } from "./progress_bar.ts";
import type { TorrentRun } from "./torrent_run.ts";

const INTERVAL_MS = { working: 1_000, settled: 10_000 } as const;
/** Time between two reports after a change of control. */
const LEAST_INTERVAL_MS = 250;
/** Longest wait for an answer, which a server may delay. */
const TIMEOUT_MS = { working: 5_000, over: 15_000, last: 500 } as const;
/** Longest wait at the end of a run that failed: only this report has the reason. */
const FAILURE_TIMEOUT_MS = 5_000;
/** Time without an answer after which a host goes on by itself. */
const RELEASE_MS = 30_000;

export function reportHost(
  run: TorrentRun,
  { session, job: { dir, maxDownloadBytesPerSecond, exitWhenComplete } }: {
    readonly session: Session;
    readonly job: PeerJob;
  },
): AsyncDisposable {
  const meter = new HostMeter(() =>
    run.transfer?.isComplete ? undefined : run.transfer?.load()
  );
  const ending = new AbortController();
  const reporter = new ReportSender(run.torrent);
  const follower = new ControlFollower(run);
  const make = (): HostReport => {
    const source = reporter.control?.source;
    const received = source === undefined
      ? undefined
      : run.transfer?.load(source);
    return {
      ...reportOf(run),
      peerId: session.peerId,
      port: session.port,
      freeBytes: freeLength(dir),
      evidence: meter.evidence(maxDownloadBytesPerSecond),
      receivedBytes: received?.receivedBytes,
      sourceBytes: received?.sourceBytes,
      // With a part of the content it is no copy of the source.
      stays: !exitWhenComplete && !run.isPart,
      wantedBytes: run.isPart ? run.snapshot?.length : undefined,
    };
  };
  const reporting = (async () => {
    while (!ending.signal.aborted && !reporter.isUseless) {
      const startMs = performance.now();
      const report = { ...make(), change: follower.change };
      const isTaken = await reporter.send(report, {
        timeoutMs: TIMEOUT_MS[isOver(report) ? "over" : "working"],
        signal: ending.signal,
      });
      const nowMs = performance.now();
      follower.take(isTaken ? reporter.control : undefined, nowMs);
      const isWorking = isTaken && !isOver(report);
      // The server lets the answer wait for a change of control that is not known yet.
      const intervalMs = report.change !== follower.change && isTaken
        ? LEAST_INTERVAL_MS
        : INTERVAL_MS[isWorking ? "working" : "settled"];
      await delay(Math.max(0, startMs + intervalMs - nowMs), ending)
        // Aborted: the last report follows.
        .catch(() => {});
    }
    // No answer will ever end a pause.
    if (!ending.signal.aborted) follower.take(undefined, Infinity);
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      const report = make();
      meter[Symbol.dispose]();
      ending.abort();
      await reporting;
      // Of a host that leaves with less, its announce says so.
      if (!isOver(report)) return;
      const isFailed = report.state === "failed";
      const timeoutMs = isFailed ? FAILURE_TIMEOUT_MS : TIMEOUT_MS.last;
      await reporter.send(report, { timeoutMs });
    },
  };
}

/** Controls a run as the answers to its reports say, and releases it without answers. */
export class ControlFollower {
  readonly #run: Pick<TorrentRun, "transfer">;
  #answeredMs = performance.now();
  #control: HostControl | undefined;

  constructor(run: Pick<TorrentRun, "transfer">) {
    this.#run = run;
  }

  get change(): number {
    return this.#control?.change ?? 0;
  }

  take(answer: HostControl | undefined, nowMs: number): void {
    if (answer !== undefined) this.#answeredMs = nowMs;
    const isReleased = nowMs - this.#answeredMs >= RELEASE_MS;
    this.#control = answer ?? (isReleased ? undefined : this.#control);
    const { isPaused = false, maxBytesPerSecond = 0 } = this.#control ?? {};
    const maxDownloadBytesPerSecond = maxBytesPerSecond;
    this.#run.transfer?.control({ isPaused, maxDownloadBytesPerSecond });
  }
}

/** Reports that a torrent cannot be fetched on this machine. */
export async function reportFailure(
  torrent: Torrent,
  error: Error,
): Promise<void> {
  await new ReportSender(torrent).send({
    ...emptyReport(torrent),
    state: "failed",
    reason: describeError(error),
    reasonCode: failureCode(error),
  }, { timeoutMs: FAILURE_TIMEOUT_MS });
}

/** The report of a run, without what only the session knows. */
function reportOf(run: TorrentRun): HostReport {
  const { torrent, phase, snapshot, verification, failure, commandCode } = run;
  const state: ReportedState = phase === "stopped"
    ? "failed"
    : verification !== undefined
    ? "verifying"
    : snapshot === undefined
    ? "waiting"
    : snapshot.state !== "seeding"
    ? "fetching"
    : phase === "settled" && commandCode !== undefined
    ? "done"
    : "verified";
  const isFailed = state === "failed" && failure !== undefined;
  return {
    ...emptyReport(torrent),
    state,
    fraction: snapshot === undefined
      ? 0
      : fractionOf(snapshot.verifiedLength, snapshot.length),
    downloadBytesPerSecond: snapshot?.downloadBytesPerSecond ?? 0,
    uploadBytesPerSecond: snapshot?.uploadBytesPerSecond ?? 0,
    exitCode: commandCode,
    reason: isFailed ? describeError(failure) : undefined,
    reasonCode: isFailed ? failureCode(failure) : undefined,
  };
}

function emptyReport({ infoHash }: Torrent): HostReport {
  return {
    ...{ infoHash, port: 0, name: ownNames()[0] ?? "" },
    addresses: mainAddresses(Deno.networkInterfaces()),
    ...{ state: "waiting", fraction: 0 },
    ...{ downloadBytesPerSecond: 0, uploadBytesPerSecond: 0 },
  };
}

/** Time between two measurements: while it fetches, and while there is nothing to measure. */
const TIMER_MS = { busy: 50, idle: 1_000 } as const;
/** Time over which measurements are averaged. */
const WINDOW_MS = 5_000;
/** Names of wireless interfaces: on Linux and BSD, and on Windows. */
const WIRELESS_NAME = /^(wl|ath|iwm|iwn|ra\d)|wi-?fi|wlan|wireless/i;

export class HostMeter implements Disposable {
  readonly #load: () => TransferLoad | undefined;
  #timer: ReturnType<typeof setTimeout>;
  #atMs = performance.now();
  #last: TransferLoad | undefined;
  /** Moving averages. */
  readonly #shares = { disk: 0, late: 0, hash: 0, idle: 0, stall: 0 };

  /**
   * Measures from now on.
   * @param load The load of the transfer; `undefined` while nothing is fetched.
   */
  constructor(load: () => TransferLoad | undefined) {
    this.#load = load;
    this.#timer = setTimeout(() => this.#measure());
  }

  /** The measurements of the last seconds; `undefined` before there are any. */
  evidence(limitBytesPerSecond: number): HostEvidence | undefined {
    if (this.#last === undefined) return undefined;
    return {
      ...{ ...this.#shares, limitBytesPerSecond },
      peerCount: this.#last.peerCount,
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
    for (const key of Object.keys(shares) as (keyof typeof shares)[]) {
      const value = Math.min(Math.max(shares[key], 0), 1);
      this.#shares[key] += (value - this.#shares[key]) * weight;
    }
  }

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
