/**
 * The section of the page about one torrent's hosts: the progress of all of them
 * together, a map with a cell for each, and the table. It stands on the torrent's
 * own page, and below the table of torrents if there is only one.
 *
 * @module
 */
import type { Host } from "./host.ts";
import { HOST_TABLE, renderHostRow, renderState } from "./host_table.ts";
import { type Html, markup, shownText } from "./html.ts";
import { type SwarmProgress, swarmProgress } from "./swarm_progress.ts";
import {
  type PagedHtml,
  rank,
  renderMore,
  renderTable,
  selectRows,
} from "./table.ts";
import type { TorrentState } from "./tracker_snapshot.ts";
import {
  formatCount,
  formatFraction,
  formatPlural,
  formatTimeLeft,
} from "./units.ts";
import { moreRows, type PageView, plainView, viewAddress } from "./view.ts";

/** Hosts in the map at most; more are only in the table. */
export const MAX_CELLS = 300;

/** Writes the section. */
export function renderHostSection(
  torrent: TorrentState,
  hosts: readonly Host[],
  view: PageView,
): PagedHtml {
  const { shown, matchCount } = selectRows(hosts, HOST_TABLE, view);
  // The store may have returned some of the peers only.
  const peerCount = Math.max(torrent.seeders + torrent.leechers, hosts.length);
  const count = view.search === "" ? peerCount : matchCount;
  const table = renderTable(HOST_TABLE, shown.map(renderHostRow), view);
  const note = peerCount === 0
    ? markup`Nobody has announced this torrent, or all peers have left.`
    : matchCount === 0
    ? markup`No host matches “${shownText(view.search)}”.`
    : renderMore(count - shown.length, moreRows(view, matchCount));
  return {
    ...table,
    before: markup`<section id="host-section" class="card">
      ${renderSwarm(torrent, swarmProgress(hosts))}
      ${renderMap(hosts, new Set(shown), view)}${table.before}`,
    after: markup`${table.after}<p class="after">${note}</p></section>`,
  };
}

function renderSwarm(
  { seeders, leechers }: TorrentState,
  { counts, secondsLeft }: SwarmProgress,
): Html {
  const peers = seeders + leechers;
  if (peers === 0) return markup``;
  const headline = leechers === 0
    ? `All ${formatPlural(peers, "host")} ${peers === 1 ? "has" : "have"} it`
    : `${formatCount(seeders)} of ${formatPlural(peers, "host")} ${
      seeders === 1 ? "has" : "have"
    } it`;
  const time = secondsLeft === undefined
    ? undefined
    : markup`<span>about <strong>${
      formatTimeLeft(secondsLeft)
    }</strong> left</span>`;
  const states = (["fetching", "waiting", "silent", "stuck"] as const)
    .filter((state) => counts[state] > 0)
    .map((state) =>
      renderState(state, `${formatCount(counts[state])} ${state}`)
    );
  return markup`<div class="swarm"><p class="headline"><strong>${headline}</strong>${time}${states}</p>
    <progress class="share" max="${peers}" value="${seeders}"></progress></div>`;
}

/**
 * A cell for each host in the order of their addresses, filled by its progress
 * and coloured by its state. Hosts keep their places, so that people who know the
 * room find them again. Nothing is drawn for a single host.
 */
export function renderMap(
  hosts: readonly Host[],
  inTable: ReadonlySet<Host>,
  { infoHash, origin }: PageView,
): Html {
  if (hosts.length < 2 || hosts.length > MAX_CELLS) return markup``;
  const sorted = rank(hosts, {
    valueOf: ({ sortAddress }) => sortAddress,
    isDescending: false,
    tieOf: ({ peerId }) => peerId,
    limit: MAX_CELLS,
  });
  // A host that the search hides is in the table without a search.
  const elsewhere = viewAddress(plainView(infoHash, origin));
  return markup`<ol class="map" aria-label="Hosts by address">${
    sorted.map((host) => renderCell(host, inTable.has(host) ? "" : elsewhere))
  }</ol>`;
}

function renderCell(host: Host, address: string): Html {
  const { peerId, state, fraction } = host;
  const hostname = shownText(host.addresses[0]?.hostname ?? "");
  const progress = fraction === undefined
    ? ""
    : `, ${formatFraction(fraction)}`;
  // The end of an address is what differs in a LAN: `.17`, `:2f`.
  const shortName = /[.:]?[^.:]*$/.exec(hostname)![0].slice(0, 6);
  const tenths = Math.floor((fraction ?? 0) * 10);
  return markup`<li data-key="cell-${peerId}" class="${state} fill${tenths}">
    <a href="${address}#host-${peerId}" title="${hostname}: ${state}${progress}">${shortName}</a></li>`;
}
