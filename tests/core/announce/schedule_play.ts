/**
 * Plays a schedule in virtual time. A run is drawn as lines, one for each announce:
 * `second tracker event outcome`.
 */
import { assert } from "@std/assert";
import type { AnnounceReply } from "../../../lib/announce/announce.ts";
import type { AnnounceSchedule } from "../../../lib/announce/announce_schedule.ts";

/** No jitter: every delay is the shortest possible, every shuffle the same. */
export const NO_CHANCE = (): number => 0;

export const REPLY: AnnounceReply = {
  intervalMs: 120_000,
  minIntervalMs: 30_000,
  complete: undefined,
  incomplete: undefined,
  peers: [],
  warning: undefined,
  trackerId: undefined,
};

export interface Play {
  readonly untilSeconds: number;
  /** True if the tracker answers at this second. @default always */
  readonly answers?: (url: string, second: number) => boolean;
  /** Called at each second, before the next step. */
  readonly at?: Record<number, (nowMs: number) => void>;
  readonly reply?: Partial<AnnounceReply>;
}

/** Performs the steps of a schedule, second by second. */
export function play(schedule: AnnounceSchedule, options: Play): string[] {
  const { untilSeconds, answers = () => true, at = {}, reply } = options;
  const lines: string[] = [];
  for (let second = 0; second <= untilSeconds; second++) {
    const nowMs = second * 1000;
    at[second]?.(nowMs);
    while (true) {
      const step = schedule.next(nowMs);
      if (step.type === "wait") {
        assert(step.untilMs > nowMs, "a wait ends in the future");
        break;
      }
      const isAnswered = answers(step.url, second);
      lines.push(
        `${second} ${step.url} ${step.event} ${isAnswered ? "ok" : "down"}`,
      );
      if (isAnswered) {
        schedule.succeeded(step.event, { ...REPLY, ...reply }, nowMs);
      } else schedule.failed(nowMs);
    }
  }
  return lines;
}
