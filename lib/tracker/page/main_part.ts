/**
 * The main part of the page: of all torrents, with totals, the table of torrents
 * and, if there is only one torrent, as in most labs, its hosts; or of one torrent,
 * with its name and facts, the command that joins it, and its hosts.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import { torrentPath } from "../../catalogue/torrent_links.ts";
import { type SwarmProgress, swarmProgress } from "./host.ts";
import { renderHostSection } from "./host_section.ts";
import { type Html, markup, shownText } from "./html.ts";
import { renderSparkline } from "./speed_history.ts";
import { type MainPart, renderTable, selectRows } from "./table.ts";
import {
  renderJoinCommand,
  renderTorrentRow,
  TORRENT_TABLE,
} from "./torrent_table.ts";
import {
  findTorrent,
  MAX_HOSTS_READ,
  type PageSources,
  readHosts,
  type TorrentState,
  unknownTorrent,
} from "./tracker_snapshot.ts";
import { formatCount, formatPlural, formatSize, formatSpeed } from "./units.ts";
import { type PageView, plainView } from "./view.ts";

/** Torrents whose hosts are read for their times left at most. */
const MAX_SWARMS_READ = 20;

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
  const hosts = renderHostSection(only!, readHosts(only!, sources), hostView);
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

/** Writes the main part of a torrent's page; that of an unknown torrent as well, which may be announced later. */
export function renderTorrent(
  infoHash: InfoHash,
  view: PageView,
  sources: PageSources,
): MainPart {
  const torrent = findTorrent(infoHash, sources.snapshot) ??
    unknownTorrent(infoHash);
  const { seeders, leechers, name } = torrent;
  const shortName = name === undefined
    ? `${infoHash.slice(0, 8)}…`
    : shownText(name);
  const hosts = readHosts(torrent, sources);
  const section = renderHostSection(torrent, hosts, view);
  const facts = renderFacts(torrent, view, sources);
  return {
    title: `${seeders} of ${seeders + leechers} done · ${shortName}`,
    ...section,
    before: markup`<a class="back" href="/">← All torrents</a>
      <section id="torrent" class="card torrent">${facts}</section>${section.before}`,
  };
}

function renderFacts(
  torrent: TorrentState,
  view: PageView,
  sources: PageSources,
): Html {
  const { infoHash, name, length, file, leechers, downloads } = torrent;
  const title = name === undefined
    ? markup`<h2 class="hash">${infoHash}</h2>`
    : markup`<h2><bdi>${shownText(name)}</bdi></h2>`;
  const facts = [
    length === undefined ? undefined : formatSize(length),
    file === undefined ? undefined : formatPlural(file.fileCount, "file"),
    `completed ${formatPlural(downloads, "time")}`,
    leechers > 0 ? formatSpeed(torrent.bytesPerSecond) : undefined,
  ].filter((fact) => fact !== undefined)
    .map((fact, index) =>
      markup`${index > 0 ? " · " : ""}<span>${fact}</span>`
    );
  const join = file &&
    markup`<p class="join">Join with ${
      renderJoinCommand(file, view, sources)
    } or <a href="${
      torrentPath(file.fileName)
    }" download>download the torrent file</a></p>`;
  const hash = name === undefined
    ? undefined
    : markup`<p class="hash faint">${infoHash}</p>`;
  const curve = renderSparkline(sources.history.of(infoHash));
  return markup`<div>${title}<p class="facts">${facts}</p>${hash}${join}</div>${curve}`;
}
