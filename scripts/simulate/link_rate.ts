/**
 * Reads and writes link rates: `10gbit`, `1gbit`, `200mbit`. Decimal, as links
 * are sold.
 *
 * @module
 */

const UNITS: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9 };

/** The bytes a second of `200mbit` or `1.5gbit`; `undefined` for other text, and for zero. */
export function parseLinkRate(text: string): number | undefined {
  const match = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)([kmg])bit$/i.exec(text);
  if (match === null) return undefined;
  const rate = Number(match[1]) * UNITS[match[2]!.toLowerCase()]! / 8;
  return rate > 0 ? rate : undefined;
}

/** Bytes a second as `200 Mbit/s`. */
export function formatLinkRate(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (bits >= size) return `${Number((bits / size).toFixed(2))} ${unit}bit/s`;
  }
  return `${bits} bit/s`;
}
