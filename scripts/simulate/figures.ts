/**
 * The figures of a run, times in virtual milliseconds, and the text and the drawing
 * about them. Pure.
 */
import { formatSize, plural } from "../../cli/quantity.ts";
import {
  completionTimes,
  copiesSent,
  leastTimeMs,
  type Run,
  type Sample,
  type Scenario,
  wastedShare,
} from "./scenario.ts";
import type { VirtualHost } from "./virtual_host.ts";
import type { VirtualLan } from "./virtual_lan.ts";

/** The figures of the leechers on links of one rate. */
export interface GroupFigures {
  readonly boundMs: number;
  /** Completion times of those that stayed, ascending. */
  readonly completionsMs: readonly number[];
  /** Leechers that stayed and are not complete. */
  readonly incompleteCount: number;
}

export interface Figures extends Pick<Run, "blockBytes" | "turnMs"> {
  /** Leechers on ordinary links; `undefined` if there are none. */
  readonly fast: GroupFigures | undefined;
  /** Leechers on slower links; `undefined` if there are none. */
  readonly slow: GroupFigures | undefined;
  readonly seederCopies: number;
  /** Share of the received bytes that was wasted, from 0 to 1. */
  readonly wastedShare: number;
  /** Mean and maximum of the most connections that each host had. */
  readonly connections: { readonly mean: number; readonly most: number };
}

export function figuresOf(run: Run): Figures {
  const { lan, seeder, fast, slow } = run;
  const counts = lan.hosts.map((host) => host.mostConnections);
  return {
    blockBytes: run.blockBytes,
    turnMs: run.turnMs,
    fast: groupOf(lan, fast),
    slow: groupOf(lan, slow),
    seederCopies: copiesSent(lan, seeder),
    wastedShare: wastedShare([...fast, ...slow]),
    connections: {
      mean: counts.reduce((sum, count) => sum + count, 0) / counts.length,
      most: Math.max(...counts),
    },
  };
}

/** The quantile of ascending times. */
function quantile(
  times: readonly number[],
  share: number,
): number | undefined {
  return times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)];
}

function groupOf(
  lan: VirtualLan,
  hosts: readonly VirtualHost[],
): GroupFigures | undefined {
  if (hosts.length === 0) return undefined;
  return {
    boundMs: leastTimeMs(lan, hosts),
    completionsMs: completionTimes(hosts).sort((one, other) => one - other),
    incompleteCount: hosts.filter((host) => !host.isComplete).length,
  };
}

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

const UNITS: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9 };

/** The bytes a second of `200mbit` or `1.5gbit`; `undefined` for other text, and for zero. */
export function parseLinkRate(text: string): number | undefined {
  const match = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)([kmg])bit$/i.exec(text);
  if (match === null) return undefined;
  const rate = Number(match[1]) * UNITS[match[2]!.toLowerCase()]! / 8;
  return rate > 0 ? rate : undefined;
}

/** Bytes a second as `200 Mbit/s`. */
function formatLinkRate(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (bits >= size) return `${Number((bits / size).toFixed(2))} ${unit}bit/s`;
  }
  return `${bits} bit/s`;
}

/** Columns and rows of the drawing in a terminal, without its labels. */
const COLUMNS = 64;
const ROWS = 10;

const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/**
 * Draws the course of a run for a terminal: bars for complete leechers, points for
 * content held. @param boundMs The least time possible.
 */
export function drawCurve(
  samples: readonly Sample[],
  boundMs: number,
): string[] {
  const lastMs = samples.at(-1)!.at;
  const columns = Array.from(
    { length: COLUMNS },
    (_, column) => sampleAt(samples, (column + 1) / COLUMNS * lastMs),
  );
  const lines: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    const cells = columns.map(({ complete, held }) => {
      const fill = Math.round((complete * ROWS - row) * 8);
      if (fill > 0) return EIGHTHS[Math.min(fill, 8)]!;
      return Math.min(Math.floor(held * ROWS), ROWS - 1) === row ? "·" : " ";
    });
    const percent = (row + 1) * 100 / ROWS;
    const label = percent % 50 === 0 ? `${percent} %` : "";
    lines.push(`${label.padStart(6)} │${cells.join("").trimEnd()}`);
  }
  const bound = Math.min(
    COLUMNS - 1,
    Math.round(boundMs / lastMs * COLUMNS) - 1,
  );
  const axis = Array.from(
    { length: COLUMNS },
    (_, column) => column === bound ? "┴" : "─",
  );
  const end = `${(lastMs / 1000).toFixed(2)} s`;
  lines.push(`${" ".repeat(7)}└${axis.join("")}`);
  lines.push(
    `${" ".repeat(8 + Math.max(0, bound - 4))}bound`.padEnd(
      8 + COLUMNS - end.length,
    ) + end,
  );
  lines.push(`${" ".repeat(8)}█ complete   · of the content held`);
  return lines;
}

/** The last sample at or before a time. */
function sampleAt(samples: readonly Sample[], at: number): Sample {
  let found = samples[0]!;
  for (const sample of samples) {
    if (sample.at > at + 1e-6) break;
    found = sample;
  }
  return found;
}
