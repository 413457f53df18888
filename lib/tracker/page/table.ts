/**
 * A table of the page: selects the rows of a view, and writes the table around
 * them. Its head consists of links that sort; they work without a script, which
 * only saves reloading the page.
 *
 * @module
 */
import { type Html, type HtmlValue, markup, shownText } from "./html.ts";
import { formatCount } from "./units.ts";
import {
  MAX_ROW_COUNT,
  nextOrder,
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

export interface TableKind<Row> {
  /** A row's name in the singular. */
  readonly noun: "torrent" | "host";
  /** Shown if there are no rows at all. */
  readonly emptyNote: string;
  readonly columns: readonly Column<Row>[];
  /** Ranks the rows of a view without an order, the smallest value first. */
  readonly defaultOrder: ValueOf<Row>;
  /** Decides between rows of equal value, the smaller first. */
  readonly tieOf: (row: Row) => string;
  /** Searches a row for a text in lower case. */
  readonly matches: (row: Row, search: string) => boolean;
}

/** The first rows that match the search of a view, in its order, and the number of all that do. */
export function selectRows<Row>(
  rows: readonly Row[],
  { columns, defaultOrder, tieOf, matches }: TableKind<Row>,
  { search, order, rowCount }: Omit<PageView, "infoHash" | "origin">,
): { readonly shown: readonly Row[]; readonly matchCount: number } {
  const text = search.toLowerCase();
  const matching = text === ""
    ? rows
    : rows.filter((row) => matches(row, text));
  const column = order && columns.find(([, , key]) => key === order.key);
  const valueOf = column?.[3] ?? defaultOrder;
  const isDescending = order?.isDescending ?? false;
  const compare = (a: Ranked<Row>, b: Ranked<Row>): number => {
    if (a.value === b.value) return a.tie < b.tie ? -1 : 1;
    if (a.value === undefined) return 1;
    if (b.value === undefined) return -1;
    return a.value < b.value === isDescending ? 1 : -1;
  };
  // Ranked once: a comparison that writes a tie anew would cost more than the sort.
  const ranked = matching.map((row): Ranked<Row> => (
    { row, value: valueOf(row), tie: tieOf(row) }
  ));
  const shown = ranked.sort(compare).slice(0, rowCount).map(({ row }) => row);
  return { shown, matchCount: matching.length };
}

interface Ranked<Row> {
  readonly row: Row;
  readonly value: ReturnType<ValueOf<Row>>;
  readonly tie: string;
}

/** HTML with many rows in it, so that the rows can be sent in pages. */
export interface PagedHtml {
  readonly before: Html;
  /** `<tr>` elements. */
  readonly rows: readonly Html[];
  readonly after: Html;
}

export interface MainPart extends PagedHtml {
  /** The document's title, as text. */
  readonly title: string;
}

interface TableOptions {
  readonly view: PageView;
  /** Stands above the table. @default nothing */
  readonly above?: HtmlValue;
  readonly rows: readonly Html[];
  /** Rows that match the search. */
  readonly matchCount: number;
  /** Rows that there are without a search. */
  readonly count: number;
}

/** Writes a table around its rows, as a section, and below it why some or all are missing. */
export function renderTable<Row>(
  { noun, columns, emptyNote }: TableKind<Row>,
  { view, above, rows, matchCount, count }: TableOptions,
): PagedHtml {
  const heads = columns.map((column) => renderHead(column, view));
  const hiddenCount = (view.search === "" ? count : matchCount) - rows.length;
  const note = count === 0
    ? emptyNote
    : matchCount === 0
    ? `No ${noun} matches “${shownText(view.search)}”.`
    : hiddenCount > 0
    ? markup`and ${formatCount(hiddenCount)} more: ${
      rows.length === view.rowCount ? renderMore(hiddenCount, view) : undefined
    }search or sort to see them`
    : undefined;
  const pageCount = Math.max(1, Math.ceil(rows.length / PAGE_LENGTH));
  return {
    before: markup`<section id="${noun}-section" class="card">${above}
      <table><thead><tr>${heads}</tr></thead>
      <tbody id="${noun}s" data-pages="${pageCount}">`,
    rows,
    after: markup`</tbody></table><p class="after">${note}</p></section>`,
  };
}

function renderHead<Row>(
  [label, alignment, key]: Column<Row>,
  view: PageView,
): Html {
  const { order } = view;
  if (key === undefined) {
    return markup`<th scope="col" class="${alignment}">${label}</th>`;
  }
  const direction = order?.isDescending ? "descending" : "ascending";
  const state = order?.key === key
    ? markup` aria-sort="${direction}"`
    : undefined;
  const address = viewAddress({ ...view, order: nextOrder(key, order) });
  return markup`<th scope="col" class="${alignment}"${state}>
    <a data-go href="${address}">${label}</a></th>`;
}

/** A link to the next page of rows. */
function renderMore(hiddenCount: number, view: PageView): Html | undefined {
  const rowCount = view.rowCount + PAGE_LENGTH;
  if (rowCount > MAX_ROW_COUNT) return undefined;
  const next = Math.min(hiddenCount, PAGE_LENGTH);
  const address = viewAddress({ ...view, rowCount });
  return markup`<a data-go href="${address}">show the next ${next}</a>, `;
}

export const NO_VALUE = markup`<span class="none">–</span>`;
