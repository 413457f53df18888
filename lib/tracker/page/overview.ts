/**
 * The page of all torrents: totals, the table of torrents and, if there is only
 * one torrent, as in most labs, its hosts.
 *
 * @module
 */
import { renderHostSection } from "./host_section.ts";
import { type Html, markup } from "./html.ts";
import { renderSparkline } from "./speed_history.ts";
import { type SwarmProgress, swarmProgress } from "./swarm_progress.ts";
import { type MainPart, renderTable, selectRows } from "./table.ts";
import { renderTorrentRow, TORRENT_TABLE } from "./torrent_table.ts";
import {
  MAX_HOSTS_READ,
  type PageSources,
  readHosts,
  type TorrentState,
} from "./tracker_snapshot.ts";
import { formatCount, formatSpeed } from "./units.ts";
import { type PageView, plainView } from "./view.ts";

/** Torrents whose hosts are read for their times left at most. */
const MAX_SWARMS_READ = 20;

/** Writes the page's main part. */
export function renderOverview(view: PageView, sources: PageSources): MainPart {
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
  const before = markup`${sources.intro?.(view.origin)}${renderTotals(sources)}
    <section id="torrent-section" class="card">${table.before}`;
  const after = markup`${table.after}</section>`;
  const done = formatCount(totals.seederCount);
  const fetching = formatCount(totals.leecherCount);
  const title = `${fetching} fetching, ${done} done · lanswarm`;
  const [only] = torrents;
  if (
    only === undefined || count > 1 || view.search !== "" ||
    only.seeders + only.leechers === 0
  ) return { title, before, rows, after };
  const hosts = readHosts(only, sources);
  const hostView = plainView(only.infoHash, view.origin);
  const section = renderHostSection(only, hosts, hostView);
  return {
    ...section,
    title,
    before: markup`${before}${rows}${after}${section.before}`,
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
