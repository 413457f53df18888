/**
 * Lines about the hosts of shares, for `share` and `wait`. Pure.
 */
import {
  describeVerdict,
  type RolloutHost,
  type RolloutSummary,
} from "../lib/machines.ts";
import { cutName } from "../lib/values.ts";
import type { Room } from "./console.ts";
import { plural } from "./quantity.ts";

const STATE_COLUMNS = 9;

/**
 * Those that need somebody, one a line: `lab23  stuck      for 4 min at 62 %`
 * @param room Takes so many lines at most; the last one counts the rest.
 */
export function describeHosts(
  hosts: readonly Pick<RolloutHost, "name" | "state" | "fraction" | "reason">[],
  { rows, widthOf }: Omit<Room, "columns">,
): string[] {
  const listed = hosts.length <= rows ? hosts : hosts.slice(0, rows - 1);
  const width = Math.max(...listed.map(({ name }) => widthOf(name)), 0);
  const lines = listed.map(({ name, state, reason = "", fraction }) => {
    const place = `at ${Math.floor(fraction * 100)} %`;
    const text = state !== "fetching"
      ? reason
      : reason === ""
      ? place
      : `${place}: ${reason}`;
    const label = name + " ".repeat(width - widthOf(name));
    return `${label}  ${state.padEnd(STATE_COLUMNS)}  ${text}`.trimEnd();
  });
  const rest = hosts.length - listed.length;
  return rest === 0 ? lines : [...lines, `and ${plural(rest, "more host")}`];
}

/** The hosts of {@linkcode describeHosts}, as many as fit: what to do comes last in a line. */
export function fitHosts(
  hosts: Parameters<typeof describeHosts>[0],
  room: Room,
): string[] {
  for (let rows = Math.min(room.rows, hosts.length); rows > 0; rows--) {
    const lines = describeHosts(hosts, { ...room, rows })
      .flatMap((line) => wrapLine(line, room));
    if (lines.length <= room.rows) return lines;
  }
  return describeHosts(hosts, { ...room, rows: 1 });
}

/** A line in lines of so many columns, broken at blanks. */
function wrapLine(text: string, { columns, widthOf }: Room): string[] {
  const [first = "", ...words] = text.split(" ");
  const lines = [first];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (widthOf(longer) <= columns) lines.splice(-1, 1, longer);
    else lines.push(`      ${word}`);
  }
  return lines;
}

/** `38 of 40 verified, 2 not; source still needed`; with the names of several shares. */
export function describeSummaries(
  shares: readonly RolloutSummary[],
  neededOf: (share: RolloutSummary) => number,
): string {
  return shares.map((share) => {
    const { name, verdict: { verified }, source } = share;
    const needed = neededOf(share);
    const label = shares.length < 2 ? "" : `${cutName(name)}: `;
    const isNeeded = source?.needed ? "still needed" : "no longer needed";
    const light = source === undefined ? "" : `; source ${isNeeded}`;
    return label + describeVerdict({ verified, needed }, needed) + light;
  }).join(" · ");
}
