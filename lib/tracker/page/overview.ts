/**
 * The page of all torrents: totals, the table of torrents and, if there is only one
 * torrent, as in most labs, its hosts.
 *
 * @module
 */
import { torrentPath } from "../../catalogue/torrent_links.ts";
import { type SwarmProgress, swarmProgress } from "./host.ts";
import { type Html, markup, shownText } from "./html.ts";
import { renderSparkline } from "./speed_history.ts";
import {
  type MainPart,
  NO_VALUE,
  renderTable,
  selectRows,
  type TableKind,
} from "./table.ts";
import {
  renderCounts,
  renderHostSection,
  renderJoinCommand,
  renderState,
} from "./torrent_page.ts";
import {
  MAX_HOSTS_READ,
  type PageSources,
  readHosts,
  type TorrentState,
} from "./tracker_snapshot.ts";
import {
  formatCount,
  formatSize,
  formatSpeed,
  formatTimeLeft,
} from "./units.ts";
import { type PageView, plainView, viewAddress } from "./view.ts";

/** Torrents whose hosts are read for their times left at most. */
const MAX_SWARMS_READ = 20;

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

export function renderOverview(view: PageView, sources: PageSources): MainPart {
  const own = sources.overview?.(view, sources.nowMs);
  if (own !== undefined) return own;
  const { torrents, totals } = sources.snapshot;
  const { shown, matchCount } = selectRows(torrents, TORRENT_TABLE, view);
  const progress = readSwarms(shown, sources);
  const rows = shown.map((torrent) =>
    renderTorrentRow(torrent, {
      view,
      sources,
      progress: progress.get(torrent),
    })
  );
  const count = torrents.length;
  const table = renderTable(TORRENT_TABLE, { view, rows, matchCount, count });
  const above = markup`${sources.intro?.(view.origin)}${renderTotals(sources)}`;
  const done = formatCount(totals.seederCount);
  const fetching = formatCount(totals.leecherCount);
  const title = `${fetching} fetching, ${done} done · lanswarm`;
  const before = markup`${above}${table.before}`;
  const [only] = torrents;
  const isOnly = count === 1 && view.search === "" &&
    only!.seeders + only!.leechers > 0;
  if (!isOnly) return { ...table, title, before };
  const hostView = plainView(only!.infoHash, view.origin);
  const hosts = renderHostSection(only!, hostView, sources);
  return {
    ...{ ...hosts, title },
    before: markup`${before}${rows}${table.after}${hosts.before}`,
  };
}

/** The progress of the first torrents that have leechers, as far as these have few hosts. */
function readSwarms(
  torrents: readonly TorrentState[],
  sources: PageSources,
): Map<TorrentState, SwarmProgress> {
  const swarms = new Map<TorrentState, SwarmProgress>();
  let hostCount = 0;
  for (const torrent of torrents) {
    if (torrent.leechers === 0) continue;
    hostCount += torrent.seeders + torrent.leechers;
    if (hostCount > MAX_HOSTS_READ || swarms.size === MAX_SWARMS_READ) break;
    swarms.set(torrent, swarmProgress(readHosts(torrent, sources)));
  }
  return swarms;
}

function renderTotals({ snapshot, history }: PageSources): Html {
  const { totals, torrents } = snapshot;
  const seeders = formatCount(totals.seederCount);
  const leechers = formatCount(totals.leecherCount);
  const speed = formatSpeed(totals.bytesPerSecond);
  const curve = renderSparkline(history.total());
  const downloads = formatCount(totals.downloadCount);
  const active = formatCount(totals.activeSwarmCount);
  const known = formatCount(torrents.length);
  return markup`<dl id="totals" class="card totals">
    <div class="done"><dt>Seeders</dt><dd>${seeders}</dd><dd class="note">have everything</dd></div>
    <div class="fetching"><dt>Leechers</dt><dd>${leechers}</dd><dd class="note">still fetching</dd></div>
    <div class="plain"><dt>Speed</dt><dd>${speed}</dd><dd class="note">${curve}</dd></div>
    <div class="plain"><dt>Completed</dt><dd>${downloads}</dd><dd class="note">downloads so far</dd></div>
    <div class="plain"><dt>Torrents</dt><dd>${active}</dd><dd class="note">active, of ${known}</dd></div>
    </dl>`;
}

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
