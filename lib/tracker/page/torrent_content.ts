/**
 * The live parts of the page that shows one torrent.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import { torrentPath } from "../../catalogue/torrent_links.ts";
import type { Content } from "./content.ts";
import { renderHosts } from "./hosts_content.ts";
import { type Html, markup, shownText } from "./html.ts";
import { renderJoinCommand } from "./join.ts";
import type { TorrentState } from "./tracker_snapshot.ts";
import { renderSparkline } from "./sparkline.ts";
import { readHosts, type Sources } from "./sources.ts";
import { renderUptime } from "./totals.ts";
import { formatPlural, formatSize, formatSpeed } from "./units.ts";
import type { TorrentView } from "./view.ts";

/** Writes the live parts; of a torrent that is not known too, as it may come. */
export async function torrentContent(
  view: TorrentView,
  sources: Sources,
): Promise<Content> {
  const { infoHash } = view;
  const known = findTorrent(infoHash, sources);
  const torrent = known ?? emptyTorrent(infoHash);
  const hosts = known === undefined ? [] : await readHosts(known, sources);
  await sources.pause();
  const content = renderHosts(torrent, hosts, view);
  const { seeders, leechers, name } = torrent;
  const shortName = name === undefined
    ? `${infoHash.slice(0, 8)}…`
    : shownText(name);
  return {
    layout: `torrent ${infoHash}`,
    title: `${seeders} of ${seeders + leechers} done · ${shortName}`,
    hostsOf: infoHash,
    regions: new Map([
      ["uptime", renderUptime(sources)],
      ["torrent", renderTorrent(torrent, view, sources)],
      ...content.regions,
      ...(seeders + leechers === 0 ? [["hosts-note", NOBODY] as const] : []),
    ]),
    tables: new Map([["hosts", content.rows]]),
  };
}

/** The torrent if somebody announced it or its file is offered. */
export function findTorrent(
  infoHash: InfoHash,
  { reading }: Pick<Sources, "reading">,
): TorrentState | undefined {
  return reading.torrents.find((torrent) => torrent.infoHash === infoHash);
}

const NOBODY = markup`Nobody has announced this torrent, or all have left.`;

function renderTorrent(
  torrent: TorrentState,
  { origin }: TorrentView,
  { history, peerCommand }: Sources,
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
  ].filter((fact) => fact !== undefined).join(" · ");
  const join = file === undefined
    ? undefined
    : markup`<p class="join">Join with ${
      renderJoinCommand(file, { peerCommand, origin })
    } or <a href="${
      torrentPath(file.fileName)
    }" download>download the torrent file</a></p>`;
  const hash = name === undefined
    ? undefined
    : markup`<p class="hash faint">${infoHash}</p>`;
  return markup`<div>${title}<p class="facts">${facts}</p>${hash}${join}</div>${
    renderSparkline(history.of(infoHash))
  }`;
}

function emptyTorrent(infoHash: InfoHash): TorrentState {
  return {
    infoHash,
    name: undefined,
    length: undefined,
    seeders: 0,
    leechers: 0,
    downloads: 0,
    bytesPerSecond: 0,
    file: undefined,
  };
}
