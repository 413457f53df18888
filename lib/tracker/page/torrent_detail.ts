/**
 * The page of one torrent: its name and facts, the command that joins it, and its
 * hosts.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import { torrentPath } from "../../catalogue/torrent_links.ts";
import { renderHostSection } from "./host_section.ts";
import { type Html, markup, shownText } from "./html.ts";
import { renderSparkline } from "./speed_history.ts";
import type { MainPart } from "./table.ts";
import { renderJoinCommand } from "./torrent_table.ts";
import {
  findTorrent,
  type PageSources,
  readHosts,
  type TorrentState,
  unknownTorrent,
} from "./tracker_snapshot.ts";
import { formatPlural, formatSize, formatSpeed } from "./units.ts";
import type { PageView } from "./view.ts";

/** Writes the page's main part; that of an unknown torrent as well, which may be announced later. */
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
  return {
    title: `${seeders} of ${seeders + leechers} done · ${shortName}`,
    ...section,
    before: markup`<a class="back" href="/">← All torrents</a>
      <section id="torrent" class="card torrent">${
      renderFacts(torrent, view, sources)
    }</section>${section.before}`,
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
  const join = file === undefined
    ? undefined
    : markup`<p class="join">Join with ${
      renderJoinCommand(file, view, sources)
    } or <a href="${
      torrentPath(file.fileName)
    }" download>download the torrent file</a></p>`;
  const hash = name === undefined
    ? undefined
    : markup`<p class="hash faint">${infoHash}</p>`;
  return markup`<div>${title}<p class="facts">${facts}</p>${hash}${join}</div>${
    renderSparkline(sources.history.of(infoHash))
  }`;
}
