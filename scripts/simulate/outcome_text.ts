/**
 * What a run came to, as lines for a terminal. Pure.
 *
 * @module
 */
import { formatSize, plural } from "../../cli/quantity.ts";
import { formatLinkRate } from "./link_rate.ts";
import {
  completionTimes,
  copiesSent,
  leastTimeMs,
  wastedShare,
} from "./outcome.ts";
import type { Run, Scenario } from "./scenario.ts";
import type { VirtualHost } from "./virtual_host.ts";

/** What is to be simulated. */
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
    lines.push("the seeder will leave once one copy is out");
  }
  return lines;
}

/** The figures of a run. */
export function describeRun(run: Run): string[] {
  const { lan, seeder, fast, slow } = run;
  const grain = run.turnMs > 0 ? `, turns of ${run.turnMs.toFixed(1)} ms` : "";
  const leechers = [...fast, ...slow];
  const counts = lan.hosts.map((host) => host.mostConnections);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const incomplete = leechers.filter((host) => !host.isComplete).length;
  return [
    `simulated in blocks of ${formatSize(run.blockBytes)}${grain}`,
    "",
    ...describeGroup(run, slow.length > 0 ? "fast" : "", fast),
    ...(slow.length > 0 ? ["", ...describeGroup(run, "slow", slow)] : []),
    "",
    `the seeder sent ${copiesSent(lan, seeder).toFixed(2)} copies; ` +
    `${(wastedShare(leechers) * 100).toFixed(1)} % was received in vain`,
    `connections of a peer: ${mean.toFixed(1)} on average, ` +
    `${Math.max(...counts)} at most`,
    incomplete === 0
      ? "all who stayed are complete"
      : `${incomplete} of those who stayed are not complete`,
  ];
}

function describeGroup(
  { lan }: Run,
  name: string,
  hosts: readonly VirtualHost[],
): string[] {
  if (hosts.length === 0) return [];
  const boundMs = leastTimeMs(lan, hosts);
  const times = completionTimes(hosts).sort((one, other) => one - other);
  const rows: [string, number | undefined][] = [
    ["bound", boundMs],
    ["first", times[0]],
    ["median", quantile(times, 0.5)],
    ["p99", quantile(times, 0.99)],
    ["last", times.at(-1)],
  ];
  const prefix = name === "" ? "" : `${name} `;
  return rows.map(([label, ms]) =>
    ms === undefined ? `${prefix}${label.padEnd(7)}-` : [
      `${prefix}${label.padEnd(7)}`,
      `${(ms / 1000).toFixed(3)} s`.padStart(12),
      `${(ms / boundMs).toFixed(3)} × the bound`.padStart(20),
    ].join("")
  );
}

/** The time by which so many are done, of times in order. */
function quantile(times: readonly number[], share: number): number | undefined {
  return times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)];
}
