/**
 * The head of a table: what its columns are, and links that sort by them. They
 * work without a script, which only spares the page's reload.
 *
 * @module
 */
import { type Html, markup } from "./html.ts";
import { nextOrder, type Order } from "./view.ts";

/** A column of a table. */
export interface Column<Key extends string> {
  readonly label: string;
  /** By what a click sorts; `undefined` for a column that is not sorted by. */
  readonly key: Key | undefined;
  /** Whether it holds numbers, which stand at the right. */
  readonly isNumeric: boolean;
}

/** What the head is for. */
export interface TableHeadOptions<Key extends string> {
  readonly columns: readonly Column<Key>[];
  readonly order: Order<Key> | undefined;
  /** The address of the same page in another order. */
  readonly addressOf: (order: Order<Key> | undefined) => string;
}

/** Writes the `<thead>`. */
export function renderTableHead<Key extends string>(
  { columns, order, addressOf }: TableHeadOptions<Key>,
): Html {
  const cells = columns.map(({ label, key, isNumeric }) => {
    const kind = isNumeric ? "number" : "text";
    if (key === undefined) {
      return markup`<th scope="col" class="${kind}">${label}</th>`;
    }
    const sorted = order?.key !== key
      ? undefined
      : order.isDescending
      ? "descending"
      : "ascending";
    const state = sorted && markup` aria-sort="${sorted}"`;
    const address = addressOf(nextOrder(key, order));
    return markup`<th scope="col" class="${kind}"${state}>
      <a data-go href="${address}">${label}</a></th>`;
  });
  return markup`<thead><tr>${cells}</tr></thead>`;
}
