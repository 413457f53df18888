/**
 * Reports this machine to the tracker of the share that it fetches: its name, state
 * and rates, once a second while it fetches and once in ten afterwards. A tracker
 * that takes no reports is left alone.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import {
  failureCode,
  freeLength,
  type HostReport,
  type ReportedState,
  ReportSender,
  type Session,
  type Torrent,
} from "../mod.ts";
import { HostMeter } from "./host_meter.ts";
import { mainAddresses, ownNames } from "./lan_addresses.ts";
import type { PeerJob } from "./peer_job.ts";
import { describeError } from "./program_error.ts";
import { fractionOf } from "./progress_bar.ts";
import type { TorrentRun } from "./torrent_run.ts";

const INTERVAL_MS = { working: 1_000, settled: 10_000 } as const;
/** Longest wait for an answer, and for the last one, in milliseconds. */
const TIMEOUT_MS = { each: 5_000, last: 500 } as const;

/** Reports a run until it is disposed of. */
export function reportHost(
  run: TorrentRun,
  { session, job: { dir, maxDownloadBytesPerSecond, exitWhenComplete } }: {
    readonly session: Session;
    readonly job: Pick<
      PeerJob,
      "dir" | "maxDownloadBytesPerSecond" | "exitWhenComplete"
    >;
  },
): AsyncDisposable {
  const meter = new HostMeter(
    () => run.transfer?.isComplete ? undefined : run.transfer?.load(),
    maxDownloadBytesPerSecond,
  );
  const ending = new AbortController();
  const reporter = new ReportSender(run.torrent);
  const make = (): HostReport => ({
    ...reportOf(run),
    peerId: session.peerId,
    port: session.port,
    freeBytes: freeLength(dir),
    evidence: meter.evidence(),
    stays: !exitWhenComplete,
  });
  const reporting = (async () => {
    while (!ending.signal.aborted && !reporter.isUseless) {
      const report = make();
      const isTaken = await reporter.send(report, {
        timeoutMs: TIMEOUT_MS.each,
        signal: ending.signal,
      });
      const isWorking = isTaken && report.state !== "failed" &&
        report.state !== "verified" && report.state !== "done";
      await delay(INTERVAL_MS[isWorking ? "working" : "settled"], ending)
        // Aborted: the last report follows.
        .catch(() => {});
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      const report = make();
      meter[Symbol.dispose]();
      ending.abort();
      await reporting;
      // Of a host that leaves with less, its announce says so.
      if (["verified", "done", "failed"].includes(report.state)) {
        await reporter.send(report, { timeoutMs: TIMEOUT_MS.last });
      }
    },
  };
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
  }, { timeoutMs: TIMEOUT_MS.last });
}

/** The report of a run, without what only the session knows. */
export function reportOf(
  { torrent, phase, snapshot, verification, failure, commandCode }: Pick<
    TorrentRun,
    | "torrent"
    | "phase"
    | "snapshot"
    | "verification"
    | "failure"
    | "commandCode"
  >,
): HostReport {
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
    infoHash,
    peerId: undefined,
    port: 0,
    name: ownNames()[0] ?? "",
    addresses: mainAddresses(Deno.networkInterfaces()),
    state: "waiting",
    fraction: 0,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    freeBytes: undefined,
    exitCode: undefined,
    reason: undefined,
  };
}
