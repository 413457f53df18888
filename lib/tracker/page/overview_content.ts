/**
 * The live parts of the page that shows every torrent. Where there is but one,
 * as in most labs, its hosts are shown as well.
 *
 * @module
 */
import type { Content, Row } from "./content.ts";
import { renderHosts } from "./hosts_content.ts";
import { type Html, markup, shownText } from "./html.ts";
import { type Outlook, outlookOf } from "./swarm_progress.ts";
import type { TorrentState } from "./tracker_snapshot.ts";
import {
  MAX_HOSTS_READ,
  readHosts,
  readProgress,
  type Sources,
} from "./sources.ts";
import {
  renderTorrentRow,
  selectTorrents,
  type TorrentSelection,
} from "./torrent_table.ts";
import { renderTotals, renderUptime } from "./totals.ts";
import { formatCount } from "./units.ts";
import type { Overview } from "./view.ts";

/** Hosts that are looked at for the torrents' time left, all torrents together. */
const MAX_OUTLOOK_HOSTS = MAX_HOSTS_READ;
/** Torrents whose hosts are looked at: a store may need a question for each. */
const MAX_OUTLOOKS = 20;

/** Writes the live parts. */
export async function overviewContent(
  view: Overview,
  sources: Sources,
): Promise<Content> {
  const { reading: { torrents, totals }, history, peerCommand, pause } =
    sources;
  const selection = selectTorrents(torrents, view);
  await pause();
  const outlooks = await readOutlooks(selection.shown, sources);
  await pause();
  const rows = selection.shown.map((torrent) =>
    renderTorrentRow(torrent, {
      view,
      peerCommand,
      speeds: history.of(torrent.infoHash),
      outlook: outlooks.get(torrent),
    })
  );
  const regions = new Map([
    ["uptime", renderUptime(sources)],
    ["totals", renderTotals(sources)],
    ["torrents-note", renderNote(selection, view, torrents.length)],
  ]);
  const tables = new Map<string, readonly Row[]>([["torrents", rows]]);
  const only = view.search === "" ? onlyTorrent(torrents) : undefined;
  if (only !== undefined) {
    const hosts = await readHosts(only, sources);
    const look = { search: "", order: undefined };
    const content = renderHosts(only, hosts, look);
    for (const [id, region] of content.regions) regions.set(id, region);
    tables.set("hosts", content.rows);
  }
  return {
    layout: only === undefined ? "overview" : `overview of ${only.infoHash}`,
    title: `${formatCount(totals.leecherCount)} fetching, ${
      formatCount(totals.seederCount)
    } done · lanswarm`,
    hostsOf: only?.infoHash,
    regions,
    tables,
  };
}

/** The torrent whose hosts are shown below the table: the only one, if it has any. */
function onlyTorrent(
  torrents: readonly TorrentState[],
): TorrentState | undefined {
  const [first] = torrents;
  return torrents.length === 1 && first!.seeders + first!.leechers > 0
    ? first
    : undefined;
}

/** Looks at the hosts of the first torrents that somebody fetches, as far as they are few. */
async function readOutlooks(
  torrents: readonly TorrentState[],
  sources: Sources,
): Promise<Map<TorrentState, Outlook>> {
  const outlooks = new Map<TorrentState, Outlook>();
  let hostCount = 0;
  for (const torrent of torrents) {
    if (torrent.leechers === 0) continue;
    hostCount += torrent.seeders + torrent.leechers;
    if (hostCount > MAX_OUTLOOK_HOSTS || outlooks.size === MAX_OUTLOOKS) break;
    outlooks.set(torrent, outlookOf(await readProgress(torrent, sources)));
  }
  return outlooks;
}

function renderNote(
  { shown, matchCount }: TorrentSelection,
  { search }: Overview,
  torrentCount: number,
): Html {
  if (torrentCount === 0) {
    return markup`No torrents yet. They appear here when the first peer announces.`;
  }
  if (matchCount === 0) {
    return markup`No torrent matches “${shownText(search)}”.`;
  }
  const hiddenCount = matchCount - shown.length;
  return hiddenCount === 0
    ? markup``
    : markup`and ${formatCount(hiddenCount)} more: search or sort to see them`;
}
