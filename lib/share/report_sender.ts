/**
 * Sends the reports of this machine about a torrent to the tracker of its share. A
 * server that takes no reports is left alone.
 *
 * @module
 */
import { ProtocolError } from "../base/errors.ts";
import { joinSignals } from "../base/join_signals.ts";
import type { Torrent } from "../metainfo/torrent.ts";
import { HttpError, httpGet } from "../net/http_get.ts";
import { type HostReport, reportPath } from "./host_report.ts";
import { type HostControl, parseReportAnswer } from "./report_answer.ts";

/** Longest answer that is read, in bytes. */
const MAX_ANSWER_LENGTH = 4_096;

/** Options of {@linkcode ReportSender.send}. */
export interface SendReportOptions {
  /** Longest wait for the answer of one server. */
  readonly timeoutMs: number;
  /** Ends the wait. @default none */
  readonly signal?: AbortSignal;
}

/** Sends the reports of one torrent. */
export class ReportSender {
  /** Servers that may take them, best first. */
  #origins: string[];
  #control: HostControl | undefined;

  /** Sends nothing yet. */
  constructor({ announce }: Pick<Torrent, "announce">) {
    this.#origins = announce.flat().flatMap((text) => {
      const url = URL.parse(text);
      const isTracker = url?.protocol === "http:" &&
        url.pathname === "/announce";
      return isTracker ? [url.origin] : [];
    });
  }

  /** True once no server is left that takes reports. */
  get isUseless(): boolean {
    return this.#origins.length === 0;
  }

  /** The last answer; `undefined` before the first. */
  get control(): HostControl | undefined {
    return this.#control;
  }

  /** Sends a report to the first server that takes it; true if one did. */
  async send(
    report: HostReport,
    { timeoutMs, signal }: SendReportOptions,
  ): Promise<boolean> {
    const path = reportPath(report);
    for (const origin of [...this.#origins]) {
      using ending = joinSignals(AbortSignal.timeout(timeoutMs), signal);
      try {
        const { status, isSuccess, body } = await httpGet(`${origin}${path}`, {
          signal: ending.signal,
          maxLength: MAX_ANSWER_LENGTH,
        });
        if (isSuccess) {
          this.#control = parseReportAnswer(body);
          return true;
        }
        const takesNone = status === 404 || status === 421;
        if (!takesNone) continue;
        this.#origins = this.#origins.filter((other) => other !== origin);
      } catch (error) {
        // It may answer the next time; announces say the most important meanwhile.
        const isExpected = error instanceof HttpError ||
          error instanceof ProtocolError || ending.signal.aborted;
        if (!isExpected) throw error;
      }
      if (signal?.aborted) return false;
    }
    return false;
  }
}
