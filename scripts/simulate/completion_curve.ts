/**
 * Draws the course of a run: the share of the content that the leechers hold, and of
 * the leechers that are complete, over time. Pure: samples in, text out.
 *
 * @module
 */
import type { Sample } from "./scenario.ts";

export interface CurveOptions {
  readonly samples: readonly Sample[];
  /** The least time possible, in virtual milliseconds. */
  readonly boundMs: number;
}

/** Columns and rows of the drawing in a terminal, without its labels. */
const COLUMNS = 64;
const ROWS = 10;

const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** A drawing for a terminal: bars for complete leechers, points for content held. */
export function drawCurve({ samples, boundMs }: CurveOptions): string[] {
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
