/**
 * The table of torrents: which of them are shown, in what order, and each as a
 * row.
 *
 * @module
 */
import { torrentPath } from "../../catalogue/torrent_links.ts";
import type { Row } from "./content.ts";
import { type Html, markup, shownText } from "./html.ts";
import { renderJoinCommand } from "./join.ts";
import type { Outlook } from "./swarm_progress.ts";
import { rank } from "./ranking.ts";
import type { TorrentState } from "./tracker_snapshot.ts";
import { renderSparkline } from "./sparkline.ts";
import type { Column } from "./table_head.ts";
import {
  formatCount,
  formatSize,
  formatSpeed,
  formatTimeLeft,
} from "./units.ts";
import { type Overview, type TorrentKey, viewAddress } from "./view.ts";

/** Torrents shown at most: the first of the order that is asked for. */
export const MAX_TORRENT_ROWS = 300;

/** The table's columns. */
export const TORRENT_COLUMNS: readonly Column<TorrentKey>[] = [
  { label: "Torrent", key: "name", isNumeric: false },
  { label: "Done", key: "done", isNumeric: false },
  { label: "Size", key: "size", isNumeric: true },
  { label: "Seeders", key: "seeders", isNumeric: true },
  { label: "Leechers", key: "leechers", isNumeric: true },
  { label: "Completed", key: "completed", isNumeric: true },
  { label: "Speed", key: "speed", isNumeric: true },
  { label: "Time left", key: undefined, isNumeric: true },
];

/** Torrents to be shown. */
export interface TorrentSelection {
  /** The first of those that match, at most {@linkcode MAX_TORRENT_ROWS}. */
  readonly shown: readonly TorrentState[];
  /** How many match what is searched for. */
  readonly matchCount: number;
}

/** Searches and sorts. */
export function selectTorrents(
  torrents: readonly TorrentState[],
  { search, order }: Pick<Overview, "search" | "order">,
): TorrentSelection {
  const wanted = search.toLowerCase();
  const matches = wanted === ""
    ? torrents
    : torrents.filter((torrent) =>
      torrent.infoHash.includes(wanted) ||
      torrent.name?.toLowerCase().includes(wanted)
    );
  const shown = rank(matches, {
    valueOf: order === undefined ? activityOf : VALUES[order.key],
    isDescending: order?.isDescending ?? true,
    tieOf: sortNameOf,
  }, MAX_TORRENT_ROWS);
  return { shown, matchCount: matches.length };
}

/** Where there is nothing to tell. */
const NONE = markup`<span class="none">–</span>`;

/** What a row needs beside the torrent. */
export interface TorrentRowContext {
  readonly view: Overview;
  /** How a peer is run, for commands to copy. */
  readonly peerCommand: string;
  /** Speeds of the last minutes, oldest first. */
  readonly speeds: readonly number[];
  /** How its hosts get on, where they were looked at. */
  readonly outlook: Outlook | undefined;
}

/** One torrent as a row. */
export function renderTorrentRow(
  torrent: TorrentState,
  context: TorrentRowContext,
): Row {
  const { infoHash, length, seeders, leechers, downloads } = torrent;
  const peers = seeders + leechers;
  return {
    key: infoHash,
    html: markup`<tr data-key="${infoHash}">
      <th scope="row">${renderName(torrent, context)}</th>
      <td class="wide" data-label="Done">${renderShare(seeders, peers)}</td>
      <td class="number" data-label="Size">${
      length === undefined ? NONE : formatSize(length)
    }</td>
      <td class="number" data-label="Seeders">${formatCount(seeders)}</td>
      <td class="number" data-label="Leechers">${formatCount(leechers)}</td>
      <td class="number" data-label="Completed">${formatCount(downloads)}</td>
      <td class="number speed" data-label="Speed">${
      renderSparkline(context.speeds)
    }${leechers > 0 ? formatSpeed(torrent.bytesPerSecond) : NONE}</td>
      <td class="number" data-label="Time left">${
      renderEnd(torrent, context.outlook)
    }</td></tr>`,
  };
}

function renderName(
  { infoHash, name, file }: TorrentState,
  { view: { origin }, peerCommand }: TorrentRowContext,
): Html {
  const address = viewAddress({
    type: "torrent",
    infoHash,
    search: "",
    order: undefined,
    origin,
  });
  const link = name === undefined
    ? markup`<a class="name hash" href="${address}" title="${infoHash}">${infoHash}</a>`
    : markup`<a class="name" href="${address}"><bdi>${
      shownText(name)
    }</bdi></a>`;
  if (file === undefined) return link;
  return markup`${link}<details><summary>join</summary>${
    renderJoinCommand(file, { peerCommand, origin })
  }<p><a href="${
    torrentPath(file.fileName)
  }" download>Download the torrent file</a></p></details>`;
}

/** How many of the peers have everything. */
function renderShare(seeders: number, peers: number): Html {
  if (peers === 0) return markup`<span class="faint">nobody</span>`;
  return markup`<progress class="share" max="${peers}" value="${seeders}"></progress>
    <span>${formatCount(seeders)} of ${formatCount(peers)}</span>`;
}

/** When the last one will be done, and whether one needs a look. */
function renderEnd(
  { seeders, leechers }: TorrentState,
  outlook: Outlook | undefined,
): Html {
  if (leechers === 0) {
    return seeders === 0 ? NONE : markup`<b class="badge done">done</b>`;
  }
  if (outlook === undefined) return NONE;
  const { counts: { stuck, silent, waiting }, secondsLeft } = outlook;
  const time = secondsLeft === undefined
    ? undefined
    : markup`<span>${formatTimeLeft(secondsLeft)}</span>`;
  return markup`${time}${renderCount(stuck, "stuck")}${
    renderCount(silent, "silent")
  }${renderCount(waiting, "waiting")}`;
}

function renderCount(
  count: number,
  state: "stuck" | "silent" | "waiting",
): Html {
  return count === 0
    ? markup``
    : markup` <b class="badge ${state}">${formatCount(count)} ${state}</b>`;
}

const VALUES: Readonly<
  Record<TorrentKey, (torrent: TorrentState) => number | string | undefined>
> = {
  name: (torrent) =>
    torrent.name === undefined ? undefined : sortNameOf(torrent),
  done: ({ seeders, leechers }) =>
    seeders + leechers === 0 ? undefined : seeders / (seeders + leechers),
  size: ({ length }) => length,
  seeders: ({ seeders }) => seeders,
  leechers: ({ leechers }) => leechers,
  completed: ({ downloads }) => downloads,
  speed: ({ bytesPerSecond }) => bytesPerSecond,
};

/** Where something moves, then where somebody waits, then where somebody is; the larger swarm first. */
function activityOf(torrent: TorrentState): number {
  const { bytesPerSecond, leechers, seeders } = torrent;
  const level = bytesPerSecond > 0 ? 3 : leechers > 0 ? 2 : seeders > 0 ? 1 : 0;
  return level * 2 ** 40 + seeders + leechers;
}

function sortNameOf({ name, infoHash }: TorrentState): string {
  return name?.toLowerCase() ?? infoHash;
}
