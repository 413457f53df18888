/**
 * The tracker's page for people, rendered from its stats: one HTML document
 * without scripts that reloads itself, in light and dark, for desks and phones.
 * Every value is escaped on its way into the page.
 *
 * @module
 */
import { escape } from "@std/html/entities";
import { DASHBOARD_STYLE } from "./dashboard_style.ts";
import type { TorrentStats, TrackerStats } from "./stats.ts";

/** Time between two reloads, in seconds. */
const REFRESH_SECONDS = 5;

/** Most torrents on the page; `/stats.json` has all. */
const MAX_ROW_COUNT = 500;

/** Renders the whole page. */
export function renderDashboard(stats: TrackerStats): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="${REFRESH_SECONDS}">
<title>${stats.peers} peers · lanswarm tracker</title>
<style>${DASHBOARD_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>lanswarm tracker</h1>
<p>up ${escape(formatUptime(stats.uptimeSeconds))}</p>
</header>
<dl class="totals">
${renderTotal("Active torrents", stats.activeTorrents)}
${renderTotal("Peers", stats.peers)}
${renderTotal("Seeders", stats.seeders)}
${renderTotal("Leechers", stats.leechers)}
${renderTotal("Downloads completed", stats.downloads)}
</dl>
${renderTorrents(stats.torrents)}
<footer>Reloads every ${REFRESH_SECONDS} seconds · <a href="/stats.json">as JSON</a></footer>
</main>
</body>
</html>
`;
}

/** `3 d 4 h`, `4 h 5 min`, `5 min 6 s` or `6 s`. */
export function formatUptime(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [Math.floor(seconds) % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts.slice(first === -1 ? 3 : first).slice(0, 2)
    .map(([count, unit]) => `${count} ${unit}`).join(" ");
}

function renderTotal(label: string, count: number): string {
  return `<div><dt>${escape(label)}</dt><dd>${count}</dd></div>`;
}

function renderTorrents(torrents: readonly TorrentStats[]): string {
  if (torrents.length === 0) {
    return `<p class="empty">No torrents yet. They appear here when the first peer announces.</p>`;
  }
  const rows = torrents.slice(0, MAX_ROW_COUNT).map(renderTorrent);
  const hiddenCount = torrents.length - rows.length;
  return `<table>
<thead><tr><th scope="col">Torrent (info hash)</th><th scope="col">Peers</th><th scope="col">Seeders</th><th scope="col">Leechers</th><th scope="col">Completed</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
${hiddenCount > 0 ? `<p>and ${hiddenCount} more</p>` : ""}`;
}

function renderTorrent(torrent: TorrentStats): string {
  const { infoHash, seeders, leechers, downloads } = torrent;
  return `<tr><th scope="row"><code>${escape(infoHash)}</code>${
    renderShare(seeders, leechers)
  }</th><td data-label="peers">${
    seeders + leechers
  }</td><td data-label="seeders">${seeders}</td><td data-label="leechers">${leechers}</td><td data-label="completed">${downloads}</td></tr>`;
}

/** Seeders against leechers as a bar of 100 units. SVG, as the policy allows no inline widths. */
function renderShare(seeders: number, leechers: number): string {
  const peers = seeders + leechers;
  const width = peers === 0 ? 0 : Math.round(100 * seeders / peers);
  return `<svg viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label="${seeders} seeders, ${leechers} leechers"><rect class="leechers" width="${
    peers === 0 ? 0 : 100
  }" height="1"/><rect class="seeders" width="${width}" height="1"/></svg>`;
}
