/**
 * A table of the page: selects the rows of a view, and writes the table around
 * them. Its head consists of links that sort; they work without a script, which
 * only saves reloading the page.
 *
 * @module
 */
import { type Html, markup } from "./html.ts";
import { formatCount } from "./units.ts";
import {
  nextOrder,
  type Order,
  PAGE_LENGTH,
  type PageView,
  viewAddress,
} from "./view.ts";

/** A value to sort by; rows without one come last in both directions. */
type ValueOf<Row> = (row: Row) => number | string | undefined;

/** A column of a table; one without a key cannot be sorted by. */
export type Column<Row> = readonly [
  label: string,
  alignment: "text" | "number",
  key?: string,
  valueOf?: ValueOf<Row>,
];

/** The columns of a table, its search and its order. */
export interface TableKind<Row> {
  /** Of the `<tbody>`. */
  readonly id: string;
  readonly columns: readonly Column<Row>[];
  /** Ranks the rows of a view without an order, the smallest value first. */
  readonly defaultOrder: ValueOf<Row>;
  /** Decides between rows of equal value, the smaller first. */
  readonly tieOf: (row: Row) => string;
  /** Whether a row contains the text of a search, which is in lower case. */
  readonly matches: (row: Row, search: string) => boolean;
}

/** The rows of a view. */
export interface Selection<Row> {
  /** The first rows of those that match. */
  readonly shown: readonly Row[];
  /** Rows that match the search. */
  readonly matchCount: number;
}

/** Searches and sorts. */
export function selectRows<Row>(
  rows: readonly Row[],
  { columns, defaultOrder, tieOf, matches }: TableKind<Row>,
  { search, order, rowCount }: Omit<PageView, "infoHash" | "origin">,
): Selection<Row> {
  const text = search.toLowerCase();
  const matching = text === ""
    ? rows
    : rows.filter((row) => matches(row, text));
  const valueOf = order && columns.find(([, , key]) => key === order.key)?.[3];
  const shown = rank(matching, {
    valueOf: valueOf ?? defaultOrder,
    isDescending: order?.isDescending ?? false,
    tieOf,
    limit: rowCount,
  });
  return { shown, matchCount: matching.length };
}

/** How rows are ranked. */
export interface Ranking<Row> {
  readonly valueOf: ValueOf<Row>;
  readonly isDescending: boolean;
  readonly tieOf: (row: Row) => string;
  /** Rows that are wanted at most, from the first on. */
  readonly limit: number;
}

interface Ranked<Row> {
  readonly row: Row;
  readonly value: number | string | undefined;
}

/**
 * The first rows in their order, a fresh array. Of ten thousand rows most are
 * compared once with the last of them and dropped.
 */
export function rank<Row>(rows: readonly Row[], ranking: Ranking<Row>): Row[] {
  const first: Ranked<Row>[] = [];
  for (const row of rows) {
    const candidate = { row, value: ranking.valueOf(row) };
    if (first.length === ranking.limit) {
      if (compareRanked(candidate, first.at(-1)!, ranking) >= 0) continue;
      first.pop();
    }
    let [low, high] = [0, first.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareRanked(candidate, first[middle]!, ranking) < 0) high = middle;
      else low = middle + 1;
    }
    first.splice(low, 0, candidate);
  }
  return first.map(({ row }) => row);
}

function compareRanked<Row>(
  a: Ranked<Row>,
  b: Ranked<Row>,
  { isDescending, tieOf }: Ranking<Row>,
): number {
  if (a.value === b.value) return tieOf(a.row) < tieOf(b.row) ? -1 : 1;
  if (a.value === undefined) return 1;
  if (b.value === undefined) return -1;
  return a.value < b.value === isDescending ? 1 : -1;
}

/** HTML with many rows in it, so that the rows can be sent in pages. */
export interface PagedHtml {
  readonly before: Html;
  /** `<tr>` elements. */
  readonly rows: readonly Html[];
  readonly after: Html;
}

/** The main part of a page. */
export interface MainPart extends PagedHtml {
  /** The document's title, as text. */
  readonly title: string;
}

/** Writes a table around its rows. */
export function renderTable<Row>(
  { id, columns }: TableKind<Row>,
  rows: readonly Html[],
  view: PageView,
): PagedHtml {
  const heads = columns.map(([label, alignment, key]) =>
    markup`<th scope="col" class="${alignment}"${sortState(key, view.order)}>${
      key === undefined
        ? label
        : markup`<a data-go href="${
          viewAddress({ ...view, order: nextOrder(key, view.order) })
        }">${label}</a>`
    }</th>`
  );
  const pageCount = Math.max(1, Math.ceil(rows.length / PAGE_LENGTH));
  return {
    before: markup`<table><thead><tr>${heads}</tr></thead>
      <tbody id="${id}" data-pages="${pageCount}">`,
    rows,
    after: markup`</tbody></table>`,
  };
}

function sortState(
  key: string | undefined,
  order: Order | undefined,
): Html | undefined {
  if (order === undefined || order.key !== key) return undefined;
  const direction = order.isDescending ? "descending" : "ascending";
  return markup` aria-sort="${direction}"`;
}

/**
 * The line below a table: the number of rows that are left out and, if there is
 * an address that shows more of them, a link.
 */
export function renderMore(
  hiddenCount: number,
  address: string | undefined,
): Html {
  if (hiddenCount <= 0) return markup``;
  const count = Math.min(hiddenCount, PAGE_LENGTH);
  const link = address === undefined
    ? undefined
    : markup`<a data-go href="${address}">show the next ${count}</a>, `;
  const hidden = formatCount(hiddenCount);
  return markup`and ${hidden} more: ${link}search or sort to see them`;
}

/** A cell without a value. */
export const NO_VALUE = markup`<span class="none">–</span>`;
