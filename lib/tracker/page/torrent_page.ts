/**
 * The page of one torrent: its name and facts, the command that joins it, and its
 * hosts: the progress of all of them together, a map with a cell for each, and the
 * table. The hosts also stand below the table of torrents if there is only one.
 *
 * @module
 */
import type { InfoHash } from "../../base/identifier.ts";
import type { ListedTorrent } from "../../catalogue/torrent_catalogue.ts";
import { torrentPath } from "../../catalogue/torrent_links.ts";
import {
  type Host,
  HOST_STATES,
  type HostState,
  type SwarmProgress,
  swarmProgress,
} from "./host.ts";
import { type Html, markup, renderCommand, shownText } from "./html.ts";
import { renderSparkline } from "./speed_history.ts";
import {
  type MainPart,
  NO_VALUE,
  type PagedHtml,
  renderTable,
  selectRows,
  type TableKind,
} from "./table.ts";
import {
  findTorrent,
  type PageSources,
  readHosts,
  type TorrentState,
  unknownTorrent,
} from "./tracker_snapshot.ts";
import {
  formatAge,
  formatCount,
  formatFraction,
  formatPlural,
  formatSize,
  formatSpeed,
  formatTimeLeft,
} from "./units.ts";
import { DEFAULT_ROW_COUNT, type PageView, viewAddress } from "./view.ts";

export const HOST_TABLE: TableKind<Host> = {
  noun: "host",
  emptyNote: "Nobody has announced this torrent, or all peers have left.",
  columns: [
    ["Host", "text", "host", ({ sortAddress }) => sortAddress],
    ["Client", "text", "client", ({ client }) => client.toLowerCase()],
    ["Progress", "text", "progress", ({ fraction }) => fraction],
    ["Speed", "number", "speed", (host) => host.bytesPerSecond || undefined],
    ["Time left", "number", "left", ({ secondsLeft }) => secondsLeft],
    ["Last announce", "number", "seen", ({ secondsSilent }) => secondsSilent],
  ],
  // Hosts in trouble first; within a state by address, so that rows stay in place.
  defaultOrder: ({ state }) => HOST_STATES.indexOf(state),
  tieOf: ({ sortAddress, peerId }) => sortAddress + peerId,
  matches: ({ addresses, client, state }, search) =>
    addresses.some(({ hostname }) => hostname.includes(search)) ||
    client.toLowerCase().includes(search) || state.includes(search),
};

/** Hosts in the map at most; more are only in the table. */
const MAX_CELLS = 300;

/** Writes the page; that of an unknown torrent as well, which may be announced later. */
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
  const section = renderHostSection(torrent, view, sources);
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

/** The command that joins a torrent on another machine. */
export function renderJoinCommand(
  { fileName }: ListedTorrent,
  { origin }: PageView,
  { peerCommand }: PageSources,
): Html {
  return renderCommand(`${peerCommand} ${origin}${torrentPath(fileName)}`);
}

export function renderHostSection(
  torrent: TorrentState,
  view: PageView,
  sources: PageSources,
): PagedHtml {
  const hosts = readHosts(torrent, sources);
  const { shown, matchCount } = selectRows(hosts, HOST_TABLE, view);
  // The store may have returned some of the peers only.
  const count = Math.max(torrent.seeders + torrent.leechers, hosts.length);
  return renderTable(HOST_TABLE, {
    ...{ view, rows: shown.map(renderHostRow), matchCount, count },
    above: [
      renderSwarm(torrent, swarmProgress(hosts)),
      renderMap(hosts, new Set(shown), view),
    ],
  });
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
  const left = secondsLeft === undefined ? "" : formatTimeLeft(secondsLeft);
  const time = left && markup`<span>about <strong>${left}</strong> left</span>`;
  const states = renderCounts(counts, "fetching", "waiting", "silent", "stuck");
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
  view: PageView,
): Html {
  if (hosts.length < 2 || hosts.length > MAX_CELLS) return markup``;
  const { tieOf } = HOST_TABLE;
  const sorted = hosts.toSorted((a, b) => tieOf(a) < tieOf(b) ? -1 : 1);
  // A host that the search hides is in the table without a search.
  const rowCount = DEFAULT_ROW_COUNT;
  const elsewhere = viewAddress({ ...view, search: "", rowCount });
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

export function renderHostRow(host: Host): Html {
  const { peerId, state, fraction, secondsLeft } = host;
  const addresses = host.addresses.map(({ hostname, port }) =>
    markup`<span class="address">${
      shownText(hostname)
    }<small>:${port}</small></span>`
  );
  const progress = fraction === undefined
    ? markup`<span class="faint">unknown</span>`
    : markup`<progress class="${state}" max="1000" value="${
      Math.floor(fraction * 1000)
    }"></progress><span>${formatFraction(fraction)}</span>`;
  const end = secondsLeft === undefined
    ? renderState(state, state)
    : markup`<span>${formatTimeLeft(secondsLeft)}</span>`;
  const speed = state === "fetching"
    ? formatSpeed(host.bytesPerSecond)
    : NO_VALUE;
  const age = formatAge(host.secondsSilent);
  return markup`<tr data-key="${peerId}" id="host-${peerId}">
    <th scope="row">${addresses}</th>
    <td data-label="Client">${shownText(host.client)}</td>
    <td class="wide" data-label="Progress">${progress}</td>
    <td class="number" data-label="Speed">${speed}</td>
    <td class="number" data-label="Time left">${end}</td>
    <td class="number faint" data-label="Last announce">${age}</td></tr>`;
}

/** Writes how many hosts are in some of the states, if any. */
export function renderCounts(
  counts: SwarmProgress["counts"],
  ...states: HostState[]
): Html[] {
  return states.filter((state) => counts[state] > 0).map((state) =>
    markup` ${renderState(state, `${formatCount(counts[state])} ${state}`)}`
  );
}

const EXPLANATIONS: Readonly<Record<HostState, string>> = {
  stuck: "received nothing between its last two announces",
  silent: "has not announced for a while",
  waiting: "has received nothing so far",
  fetching: "is receiving",
  done: "has everything",
};

/** Writes a state as a coloured word, with its explanation as a tooltip. */
export function renderState(state: HostState, text: string): Html {
  return markup`<b class="badge ${state}" title="${
    EXPLANATIONS[state]
  }">${text}</b>`;
}
