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

export function curveToSvg(
  { samples, boundMs }: CurveOptions,
  title: string,
): string {
  const [width, height, left, top] = [640, 320, 48, 40];
  const lastMs = samples.at(-1)!.at;
  const x = (ms: number): string => (left + ms / lastMs * width).toFixed(1);
  const y = (share: number): string => (top + (1 - share) * height).toFixed(1);
  const line = (pick: (sample: Sample) => number): string =>
    samples.map((sample) => `${x(sample.at)},${y(pick(sample))}`).join(" ");
  const marks = [0, 0.25, 0.5, 0.75, 1];
  const grid = marks.map((share) =>
    `<line x1="${left}" x2="${left + width}" y1="${y(share)}" y2="${
      y(share)
    }" stroke="#ddd"/>` +
    `<text x="${left - 6}" y="${y(share)}" text-anchor="end" dy="4">${
      share * 100
    } %</text>`
  );
  const times = marks.map((share) =>
    `<text x="${x(share * lastMs)}" y="${
      top + height + 18
    }" text-anchor="middle">${(share * lastMs / 1000).toFixed(2)} s</text>`
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${
      left + width + 24
    } ${top + height + 48}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${left}" y="20" font-size="14">${escapeXml(title)}</text>`,
    ...grid,
    ...times,
    `<line x1="${x(boundMs)}" x2="${x(boundMs)}" y1="${top}" y2="${
      top + height
    }" stroke="#888" stroke-dasharray="4 4"/>`,
    `<text x="${x(boundMs)}" y="${top - 6}" text-anchor="middle">bound</text>`,
    `<polyline fill="none" stroke="#4a90d9" stroke-width="2" points="${
      line(({ held }) => held)
    }"/>`,
    `<polyline fill="none" stroke="#c0392b" stroke-width="2" points="${
      line(({ complete }) => complete)
    }"/>`,
    `<text x="${left}" y="${
      top + height + 38
    }" fill="#4a90d9">content held</text>`,
    `<text x="${left + 110}" y="${
      top + height + 38
    }" fill="#c0392b">leechers complete</text>`,
    "</svg>",
    "",
  ].join("\n");
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

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
