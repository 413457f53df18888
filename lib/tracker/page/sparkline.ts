/**
 * A small curve without axes. Its height is relative: it shows how a speed went,
 * the number beside it how large it is.
 *
 * @module
 */
import { type Html, markup } from "./html.ts";

/** Units from the lowest to the highest point. */
const HEIGHT = 20;

/** Draws samples, oldest first; nothing if all are zero. */
export function renderSparkline(samples: readonly number[]): Html {
  const highest = Math.max(0, ...samples);
  if (!(highest > 0)) return markup``;
  const width = samples.length - 1;
  const points = samples.map((sample, index) =>
    `${index} ${Math.round(HEIGHT * (1 - sample / highest))}`
  );
  const line = `M${points.join("L")}`;
  const box = `0 -1 ${width} ${HEIGHT + 2}`;
  return markup`<svg class="spark" viewBox="${box}" preserveAspectRatio="none" aria-hidden="true">
    <path class="area" d="${line}L${width} ${HEIGHT}L0 ${HEIGHT}Z"/>
    <path class="line" d="${line}"/></svg>`;
}
