/**
 * What a page has to be told so that it shows a content: all of it, or what is
 * different from a content that it shows already.
 *
 * @module
 */
import type { Content, Row } from "./content.ts";

/** How a table is to be changed. */
export interface TableChanges {
  /** Keys of all rows in their order, if that is another than before. */
  readonly order?: readonly string[];
  /** `<tr>` elements by key: those that are new or different. */
  readonly rows?: Readonly<Record<string, string>>;
}

/** What is sent, as JSON. */
export interface Changes {
  readonly layout: string;
  readonly title: string;
  /** Markup by the id of the element that it goes into. */
  readonly regions: Readonly<Record<string, string>>;
  /** By the id of the `<tbody>`. */
  readonly tables: Readonly<Record<string, TableChanges>>;
}

/** The changes from one content to another, or from none; `undefined` if they are the same. */
export function changesBetween(
  before: Content | undefined,
  after: Content,
): Changes | undefined {
  const regions: Record<string, string> = {};
  for (const [id, { text }] of after.regions) {
    if (text !== before?.regions.get(id)?.text) regions[id] = text;
  }
  const tables: Record<string, TableChanges> = {};
  for (const [id, rows] of after.tables) {
    const changes = tableChanges(before?.tables.get(id), rows);
    if (changes !== undefined) tables[id] = changes;
  }
  const { layout, title } = after;
  const isSame = before?.layout === layout && before.title === title &&
    Object.keys(regions).length === 0 && Object.keys(tables).length === 0;
  return isSame ? undefined : { layout, title, regions, tables };
}

function tableChanges(
  before: readonly Row[] | undefined,
  after: readonly Row[],
): TableChanges | undefined {
  const known = new Map(before?.map(({ key, html }) => [key, html.text]));
  const rows: Record<string, string> = {};
  for (const { key, html: { text } } of after) {
    if (known.get(key) !== text) rows[key] = text;
  }
  const isSameOrder = before?.length === after.length &&
    before.every(({ key }, index) => key === after[index]!.key);
  const changes = {
    ...(!isSameOrder && { order: after.map(({ key }) => key) }),
    ...(Object.keys(rows).length > 0 && { rows }),
  };
  return Object.keys(changes).length === 0 ? undefined : changes;
}
