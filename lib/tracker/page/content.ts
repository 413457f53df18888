/**
 * What of a page changes while it is looked at: regions that are written anew
 * and rows that come, change and go. The whole document is made of it at first
 * and the event stream sends what has changed since, so both show the same.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type { Html } from "./html.ts";

/** A row of a table with what tells it from the others. */
export interface Row {
  /** Letters and digits alone. */
  readonly key: string;
  /** One `<tr>`. */
  readonly html: Html;
}

/** The parts of a page that live. */
export interface Content {
  /** What the rest of the document depends on: with another layout it is fetched anew. */
  readonly layout: string;
  /** The document's title, as text. */
  readonly title: string;
  /** The torrent whose hosts the table `hosts` holds, if it is there. */
  readonly hostsOf: InfoHash | undefined;
  /** By the id of their element. */
  readonly regions: ReadonlyMap<string, Html>;
  /** By the id of their `<tbody>`, in the order of the table. */
  readonly tables: ReadonlyMap<string, readonly Row[]>;
}

/** The rows of a table as they stand in the document. */
export function markupOfRows(rows: readonly Row[] = []): Html[] {
  return rows.map(({ html }) => html);
}
