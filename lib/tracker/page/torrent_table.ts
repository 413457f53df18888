/**
 * The table of torrents: its columns, its search and its rows.
 *
 * @module
 */
import type { ListedTorrent } from "../../catalogue/torrent_catalogue.ts";
import { torrentPath } from "../../catalogue/torrent_links.ts";
import { type Html, markup, renderCommand, shownText } from "./html.ts";
import { renderCounts, renderState } from "./host_section.ts";
import { renderSparkline } from "./speed_history.ts";
import type { SwarmProgress } from "./host.ts";
import { NO_VALUE, type TableKind } from "./table.ts";
import type { PageSources, TorrentState } from "./tracker_snapshot.ts";
import {
  formatCount,
  formatSize,
  formatSpeed,
  formatTimeLeft,
} from "./units.ts";
import { type PageView, plainView, viewAddress } from "./view.ts";

export const TORRENT_TABLE: TableKind<TorrentState> = {
  noun: "torrent",
  emptyNote: "No torrents yet. They appear here when the first peer announces.",
  columns: [
    ["Torrent", "text", "name", ({ name }) => name?.toLowerCase()],
    [
      ...["Done", "text", "done"] as const,
      ({ seeders, leechers }) =>
        seeders + leechers > 0 ? seeders / (seeders + leechers) : undefined,
    ],
    ["Size", "number", "size", ({ length }) => length],
    ["Seeders", "number", "seeders", ({ seeders }) => seeders],
    ["Leechers", "number", "leechers", ({ leechers }) => leechers],
    ["Completed", "number", "completed", ({ downloads }) => downloads],
    ["Speed", "number", "speed", ({ bytesPerSecond }) => bytesPerSecond],
    ["Time left", "number"],
  ],
  // Active torrents first, then those with leechers, then those with peers;
  // within each level the largest swarm first.
  defaultOrder: ({ bytesPerSecond, leechers, seeders }) => {
    const level = [seeders, leechers, bytesPerSecond]
      .findLastIndex((number) => number > 0);
    return -(level * 2 ** 40 + seeders + leechers);
  },
  tieOf: ({ name, infoHash }) => name?.toLowerCase() ?? infoHash,
  matches: ({ infoHash, name }, search) =>
    infoHash.includes(search) || name?.toLowerCase().includes(search) === true,
};

interface TorrentRowContext {
  readonly view: PageView;
  readonly sources: PageSources;
  /** `undefined` if its hosts were not read. */
  readonly progress: SwarmProgress | undefined;
}

export function renderTorrentRow(
  torrent: TorrentState,
  context: TorrentRowContext,
): Html {
  const { infoHash, length, seeders, leechers, downloads } = torrent;
  const peers = seeders + leechers;
  const share = peers === 0
    ? markup`<span class="faint">no peers</span>`
    : markup`<progress class="share" max="${peers}" value="${seeders}"></progress>
      <span>${formatCount(seeders)} of ${formatCount(peers)}</span>`;
  const size = length === undefined ? NO_VALUE : formatSize(length);
  const curve = renderSparkline(context.sources.history.of(infoHash));
  const speed = leechers > 0 ? formatSpeed(torrent.bytesPerSecond) : NO_VALUE;
  const end = renderEnd(torrent, context.progress);
  return markup`<tr data-key="${infoHash}">
    <th scope="row">${renderName(torrent, context)}</th>
    <td class="wide" data-label="Done">${share}</td>
    <td class="number" data-label="Size">${size}</td>
    <td class="number" data-label="Seeders">${formatCount(seeders)}</td>
    <td class="number" data-label="Leechers">${formatCount(leechers)}</td>
    <td class="number" data-label="Completed">${formatCount(downloads)}</td>
    <td class="number speed" data-label="Speed">${curve}${speed}</td>
    <td class="number" data-label="Time left">${end}</td></tr>`;
}

function renderName(
  { infoHash, name, file }: TorrentState,
  { view, sources }: TorrentRowContext,
): Html {
  const address = viewAddress(plainView(infoHash, view.origin));
  const link = name === undefined
    ? markup`<a class="name hash" href="${address}" title="${infoHash}">${infoHash}</a>`
    : markup`<a class="name" href="${address}"><bdi>${
      shownText(name)
    }</bdi></a>`;
  if (file === undefined) return link;
  const command = renderJoinCommand(file, view, sources);
  const path = torrentPath(file.fileName);
  return markup`${link}<details><summary>join</summary>${command}<p><a href="${path}" download>Download the torrent file</a></p></details>`;
}

/** The time until the last host is done, and the hosts that may never be. */
function renderEnd(
  { seeders, leechers }: TorrentState,
  progress: SwarmProgress | undefined,
): Html {
  if (leechers === 0) {
    return seeders === 0 ? NO_VALUE : renderState("done", "done");
  }
  if (progress === undefined) return NO_VALUE;
  const { counts, secondsLeft } = progress;
  const badges = renderCounts(counts, "stuck", "silent", "waiting");
  const time = secondsLeft === undefined
    ? undefined
    : markup`<span>${formatTimeLeft(secondsLeft)}</span>`;
  return markup`${time}${badges}`;
}

/** The command that joins a torrent on another machine. */
export function renderJoinCommand(
  { fileName }: ListedTorrent,
  { origin }: PageView,
  { peerCommand }: PageSources,
): Html {
  return renderCommand(`${peerCommand} ${origin}${torrentPath(fileName)}`);
}
