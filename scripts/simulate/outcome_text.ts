/**
 * The outcome of a run as lines for a terminal. Pure.
 *
 * @module
 */
import { formatSize, plural } from "../../cli/quantity.ts";
import { type Figures, type GroupFigures, quantile } from "./figures.ts";
import { formatLinkRate } from "./link_rate.ts";
import type { Scenario } from "./scenario.ts";

/** Describes a scenario. */
export function describeScenario(scenario: Scenario): string[] {
  const { leecherCount, pieceCount, pieceLength, seed } = scenario;
  const { upBytesPerSecond: up, downBytesPerSecond: down } = scenario;
  const { slowCount = 0, leavingCount = 0, slowBytesPerSecond } = scenario;
  const size = formatSize(pieceCount * pieceLength);
  const links = up === down
    ? formatLinkRate(up)
    : `${formatLinkRate(up)} up, ${formatLinkRate(down)} down`;
  const lines = [
    `1 seeder, ${plural(leecherCount, "leecher")}, links of ${links}; ` +
    `${plural(pieceCount, "piece")} of ${formatSize(pieceLength)}, ` +
    `${size}; seed ${seed}`,
  ];
  if (slowCount > 0) {
    const rate = formatLinkRate(slowBytesPerSecond ?? up / 10);
    lines.push(`${plural(slowCount, "leecher")} on links of ${rate}`);
  }
  if (leavingCount > 0) {
    lines.push(`${plural(leavingCount, "leecher")} will leave midway`);
  }
  if (scenario.doesSeederLeave) {
    lines.push("the seeder will leave once the leechers have one copy");
  }
  return lines;
}

/** The figures of a run. */
export function describeFigures(figures: Figures): string[] {
  const { blockBytes, turnMs, fast, slow, connections } = figures;
  const turns = turnMs > 0 ? `, turns of ${turnMs.toFixed(1)} ms` : "";
  const incomplete = (fast?.incompleteCount ?? 0) +
    (slow?.incompleteCount ?? 0);
  const groups = [
    ...(fast === undefined ? [] : describeGroup(fast, slow ? "fast " : "")),
    ...(fast && slow ? [""] : []),
    ...(slow === undefined ? [] : describeGroup(slow, "slow ")),
  ];
  return [
    `simulated in blocks of ${formatSize(blockBytes)}${turns}`,
    "",
    ...groups,
    "",
    `the seeder sent ${figures.seederCopies.toFixed(2)} copies; ` +
    `${
      (figures.wastedShare * 100).toFixed(1)
    } % of the received bytes were wasted`,
    `connections of a peer: ${connections.mean.toFixed(1)} on average, ` +
    `${connections.most} at most`,
    incomplete === 0
      ? "all remaining leechers are complete"
      : `${incomplete} of the remaining leechers are not complete`,
  ];
}

function describeGroup(group: GroupFigures, prefix: string): string[] {
  const { boundMs, completionsMs } = group;
  const rows: [string, number | undefined][] = [
    ["bound", boundMs],
    ["first", completionsMs[0]],
    ["median", quantile(completionsMs, 0.5)],
    ["p99", quantile(completionsMs, 0.99)],
    ["last", completionsMs.at(-1)],
  ];
  return rows.map(([label, ms]) =>
    ms === undefined ? `${prefix}${label.padEnd(7)}-` : [
      `${prefix}${label.padEnd(7)}`,
      `${(ms / 1000).toFixed(3)} s`.padStart(12),
      `${(ms / boundMs).toFixed(3)} × the bound`.padStart(20),
    ].join("")
  );
}
