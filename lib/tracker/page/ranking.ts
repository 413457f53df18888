/**
 * Puts rows into an order, of which but the first are wanted: with ten thousand
 * of them most are looked at once and left.
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

/** The first `limit` rows in their order, a fresh array. */
export function rank<Row>(
  rows: readonly Row[],
  ranking: Ranking<Row>,
  limit = rows.length,
): Row[] {
  const { valueOf } = ranking;
  const first: Ranked<Row>[] = [];
  for (const row of rows) {
    const candidate = { row, value: valueOf(row) };
    if (first.length === limit) {
      const last = first.at(-1);
      if (last === undefined || compareRanked(candidate, last, ranking) >= 0) {
        continue;
      }
      first.pop();
    }
    first.splice(placeOf(candidate, first, ranking), 0, candidate);
  }
  return first.map(({ row }) => row);
}

type Value = number | string | undefined;

interface Ranked<Row> {
  readonly row: Row;
  readonly value: Value;
}

/** Where a row goes among rows in their order: behind its equals. */
function placeOf<Row>(
  candidate: Ranked<Row>,
  sorted: readonly Ranked<Row>[],
  ranking: Ranking<Row>,
): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareRanked(candidate, sorted[middle]!, ranking) < 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

function compareRanked<Row>(
  a: Ranked<Row>,
  b: Ranked<Row>,
  { isDescending, tieOf }: Ranking<Row>,
): number {
  if (a.value !== b.value) {
    if (a.value === undefined) return 1;
    if (b.value === undefined) return -1;
    return isDescending ? compare(b.value, a.value) : compare(a.value, b.value);
  }
  return compare(tieOf(a.row), tieOf(b.row));
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
