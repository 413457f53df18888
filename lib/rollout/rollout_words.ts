/**
 * The verdict, the unplug light and the forecast of a rollout in words, as pages and
 * terminals show them. Pure.
 *
 * @module
 */
import {
  formatCount,
  formatFraction,
  formatPlural,
  formatTimeLeft,
} from "../tracker/page/units.ts";
import type { Finish } from "./forecast.ts";
import type { Verdict } from "./rollout.ts";
import type { Clocks } from "./rollout_document.ts";
import type { SourceLight } from "./rollout_share.ts";

/** `38 of 40 verified, 2 not`, or `7 machines, 3 verified`. */
export function describeVerdict(
  { needed, verified }: Pick<Verdict, "needed" | "verified">,
  hostCount: number,
): string {
  const done = formatCount(verified);
  if (needed === undefined) {
    return `${formatPlural(hostCount, "machine")}, ${done} verified`;
  }
  const missing = needed - verified;
  const rest = missing > 0 ? `, ${formatCount(missing)} not` : "";
  return `${done} of ${formatCount(needed)} verified${rest}`;
}

/** `41% is only on this machine: leave it on` */
export function describeLight(
  { light, onlyHere }: Pick<SourceLight, "light" | "onlyHere">,
): string {
  // Rounded up: 0 % would be nothing.
  const percentage = Math.ceil(onlyHere * 100);
  switch (light) {
    case "red":
      return `${percentage}% is only on this machine: leave it on`;
    case "amber":
      return "A part is on one other machine only: leave this one on";
    case "green":
      return "Everything is on two other machines: this one may be switched off";
    default:
      return light satisfies never;
  }
}

/** `Last one done in about 4 min 30 s, at 14:32 (± 20 s); 92% of the fastest possible` */
export function describeFinish(
  { leftMs, uncertaintyMs, endMs, boundMs, ofBound }: Finish,
  { nowMs, wallMs }: Clocks,
): string {
  const date = new Date(wallMs + endMs - nowMs);
  const time = [date.getHours(), date.getMinutes()]
    .map((number) => `${number}`.padStart(2, "0")).join(":");
  const [left, doubt] = [leftMs, uncertaintyMs]
    .map((ms) => formatTimeLeft(ms / 1000));
  const end = leftMs === 0
    ? `All that joined were done at ${time}`
    : `Last one done in about ${left}, at ${time} (± ${doubt})`;
  // Nothing moved: all of it was there already.
  if (boundMs === 0) return end;
  return `${end}; ${formatFraction(ofBound)} of the fastest possible`;
}
