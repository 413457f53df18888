/**
 * Puts rows into an order without asking each row for its value again and again.
 *
 * @module
 */

/** By what rows are ranked. */
export interface Ranking<Row> {
  /** What counts; rows without it come last either way. */
  readonly valueOf: (row: Row) => number | string | undefined;
  readonly isDescending: boolean;
  /** Decides between equals, the smaller first. */
  readonly tieOf: (row: Row) => string;
}

/** The rows in their order, a fresh array. */
export function rank<Row>(
  rows: readonly Row[],
  { valueOf, isDescending, tieOf }: Ranking<Row>,
): Row[] {
  const sign = isDescending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: valueOf(row) }))
    .sort((a, b) =>
      compareValues(a.value, b.value, sign) ||
      compare(tieOf(a.row), tieOf(b.row))
    )
    .map(({ row }) => row);
}

type Value = number | string | undefined;

function compareValues(a: Value, b: Value, sign: 1 | -1): number {
  if (a === undefined || b === undefined) {
    return a === b ? 0 : a === undefined ? 1 : -1;
  }
  return sign * compare(a, b);
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
