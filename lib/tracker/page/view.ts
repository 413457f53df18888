/**
 * The view that a page shows: all torrents or the hosts of one, searched, sorted
 * and cut to a number of rows. It is written in the page's address, so that a
 * link leads to it with and without a script.
 *
 * @module
 */
import { type InfoHash, infoHashFromHex } from "../../base/identifier.ts";

/** The column that rows are sorted by, and the direction. */
export interface Order {
  readonly key: string;
  /** True if the largest value comes first. */
  readonly isDescending: boolean;
}

export interface PageView {
  /** The torrent whose hosts are shown; `undefined` for all torrents. */
  readonly infoHash: InfoHash | undefined;
  /** The text to search for as it was typed; empty for everything. */
  readonly search: string;
  /** `undefined` for the table's own order. */
  readonly order: Order | undefined;
  /** Rows at most, a multiple of {@linkcode PAGE_LENGTH}. */
  readonly rowCount: number;
  /** Scheme, host and port by which the browser knows the tracker, for commands to copy. */
  readonly origin: string;
}

/** Rows that are sent at once at most. */
export const PAGE_LENGTH = 100;
/** Rows of a view unless its address asks for another number. */
export const DEFAULT_ROW_COUNT = 3 * PAGE_LENGTH;
/** Rows of a view at most. */
export const MAX_ROW_COUNT = 20 * PAGE_LENGTH;
/** Longest text to search for, in UTF-16 code units; the rest is cut off. */
const MAX_SEARCH_LENGTH = 100;
/** The columns that torrents, or the hosts of a rollout, and hosts are sorted by. */
const TORRENT_SORT =
  /^-?(name|done|size|seeders|leechers|completed|speed|state|progress|sent)$/;
const HOST_SORT = /^-?(host|client|progress|speed|left|seen)$/;
/** Columns whose small values are of interest: text, and progress that is about to end. */
const ASCENDING = /^(name|host|client|progress|done|left|state)$/;

/** The view that a link to a torrent leads to. */
export function plainView(infoHash: InfoHash, origin: string): PageView {
  const rowCount = DEFAULT_ROW_COUNT;
  return { infoHash, search: "", order: undefined, rowCount, origin };
}

/**
 * Reads the query of a page's address. Invalid parts count as missing, except
 * that an invalid info hash leads nowhere: `undefined`.
 */
export function readPageView(
  query: string,
  origin: string,
): PageView | undefined {
  const parameters = new URLSearchParams(query);
  const torrent = parameters.get("torrent");
  if (torrent !== null && !/^[0-9a-f]{40}$/i.test(torrent)) return undefined;
  const infoHash = torrent === null ? undefined : infoHashFromHex(torrent);
  const search = (parameters.get("q") ?? "").trim().slice(0, MAX_SEARCH_LENGTH);
  const sort = parameters.get("sort") ?? "";
  const key = (infoHash ? HOST_SORT : TORRENT_SORT).exec(sort)?.[1];
  const order = key === undefined
    ? undefined
    : { key, isDescending: sort.startsWith("-") };
  const rowCount = readRowCount(parameters.get("rows") ?? "");
  return { infoHash, search, order, rowCount, origin };
}

/** The address of a view on this tracker: `/?torrent=…&sort=-speed`. Equal views have equal addresses. */
export function viewAddress(view: PageView): string {
  const parameters = viewParameters(view);
  return parameters.length === 0 ? "/" : `/?${new URLSearchParams(parameters)}`;
}

/** The parameters of a view's address except the search: the hidden fields of the search form. */
export function hiddenParameters(view: PageView): [string, string][] {
  return viewParameters({ ...view, search: "" });
}

/** The order that a click on a column's head leads to: by this column, then reversed, then the default. */
export function nextOrder(
  key: string,
  current: Order | undefined,
): Order | undefined {
  const startsDescending = !ASCENDING.test(key);
  if (current?.key !== key) return { key, isDescending: startsDescending };
  return current.isDescending === startsDescending
    ? { key, isDescending: !startsDescending }
    : undefined;
}

function viewParameters(
  { infoHash, order, rowCount, search }: PageView,
): [string, string][] {
  const parameters: [string, string][] = [];
  if (infoHash !== undefined) parameters.push(["torrent", infoHash]);
  if (order !== undefined) {
    parameters.push(["sort", `${order.isDescending ? "-" : ""}${order.key}`]);
  }
  if (rowCount !== DEFAULT_ROW_COUNT) parameters.push(["rows", `${rowCount}`]);
  if (search !== "") parameters.push(["q", search]);
  return parameters;
}

/** Rounded up to whole pages. */
function readRowCount(rows: string): number {
  if (!/^\d{1,9}$/.test(rows)) return DEFAULT_ROW_COUNT;
  const pageCount = Math.max(1, Math.ceil(Number(rows) / PAGE_LENGTH));
  return Math.min(MAX_ROW_COUNT, pageCount * PAGE_LENGTH);
}
