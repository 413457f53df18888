/**
 * What somebody looks at: everything or one torrent, searched and sorted in some
 * way. It stands in the page's address, so that a link leads to it, with and
 * without a script, and the event stream knows it too.
 *
 * @module
 */
import { type InfoHash, infoHashFromHex } from "../../base/identifier.ts";

/** Columns by which torrents are sorted. */
export const TORRENT_KEYS = [
  "name",
  "done",
  "size",
  "seeders",
  "leechers",
  "completed",
  "speed",
] as const;
/** One of {@linkcode TORRENT_KEYS}. */
export type TorrentKey = typeof TORRENT_KEYS[number];

/** Columns by which hosts are sorted. */
export const HOST_KEYS = [
  "host",
  "client",
  "progress",
  "speed",
  "left",
  "seen",
] as const;
/** One of {@linkcode HOST_KEYS}. */
export type HostKey = typeof HOST_KEYS[number];

/** A column, and which end comes first. */
export interface Order<Key extends string> {
  /** The column. */
  readonly key: Key;
  /** Whether the largest comes first. */
  readonly isDescending: boolean;
}

/** What all views have. */
interface Look {
  /** What is searched for, as it was typed; empty for everything. */
  readonly search: string;
  /** Scheme, host and port by which the tracker was asked, for commands to copy. */
  readonly origin: string;
}

/** All torrents. */
export interface Overview extends Look {
  readonly type: "overview";
  /** `undefined` for the busiest first. */
  readonly order: Order<TorrentKey> | undefined;
}

/** The hosts of one torrent. */
export interface TorrentView extends Look {
  readonly type: "torrent";
  readonly infoHash: InfoHash;
  /** `undefined` for those that need a look first. */
  readonly order: Order<HostKey> | undefined;
}

/** One look at the tracker. */
export type PageView = Overview | TorrentView;

/** Longest text that is searched for, in UTF-16 code units; the rest is left off. */
const MAX_SEARCH_LENGTH = 100;

/**
 * Reads the address of a page. What makes no sense is as if it were not there;
 * only a torrent that is no info hash leads nowhere, to `undefined`.
 */
export function readPageView(
  query: string,
  origin: string,
): PageView | undefined {
  const parameters = new URLSearchParams(query);
  const search = (parameters.get("q") ?? "").trim().slice(0, MAX_SEARCH_LENGTH);
  const sort = parameters.get("sort");
  const torrent = parameters.get("torrent");
  if (torrent === null) {
    return {
      type: "overview",
      search,
      origin,
      order: readOrder(sort, TORRENT_KEYS),
    };
  }
  if (!/^[0-9a-f]{40}$/i.test(torrent)) return undefined;
  return {
    type: "torrent",
    infoHash: infoHashFromHex(torrent),
    search,
    origin,
    order: readOrder(sort, HOST_KEYS),
  };
}

/** The address of a view on this tracker: `/?torrent=…&sort=-speed`; equal for equal views. */
export function viewAddress(view: PageView): string {
  const parameters = viewParameters(view);
  return parameters.length === 0 ? "/" : `/?${new URLSearchParams(
    parameters.map(([name, value]) => [name, value]),
  )}`;
}

/** What stands in the address of a view, but for what is searched for: a form's hidden fields. */
export function hiddenParameters(view: PageView): [string, string][] {
  return viewParameters({ ...view, search: "" });
}

/** Where a click on a column's head leads: to this order, the other way round, or none. */
export function nextOrder<Key extends string>(
  key: Key,
  current: Order<Key> | undefined,
): Order<Key> | undefined {
  const startsDescending = !ASCENDING_KEYS.has(key);
  if (current?.key !== key) return { key, isDescending: startsDescending };
  return current.isDescending === startsDescending
    ? { key, isDescending: !startsDescending }
    : undefined;
}

/** What reads best from its small end: text, and what is soon over. */
const ASCENDING_KEYS: ReadonlySet<string> = new Set([
  "name",
  "host",
  "client",
  "progress",
  "done",
  "left",
]);

function viewParameters(view: PageView): [string, string][] {
  const parameters: [string, string][] = [];
  if (view.type === "torrent") parameters.push(["torrent", view.infoHash]);
  const { order, search } = view;
  if (order !== undefined) {
    parameters.push(["sort", `${order.isDescending ? "-" : ""}${order.key}`]);
  }
  if (search !== "") parameters.push(["q", search]);
  return parameters;
}

function readOrder<Key extends string>(
  sort: string | null,
  keys: readonly Key[],
): Order<Key> | undefined {
  const isDescending = sort?.startsWith("-") ?? false;
  const key = keys.find((key) => key === sort?.slice(isDescending ? 1 : 0));
  return key === undefined ? undefined : { key, isDescending };
}
