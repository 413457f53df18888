/**
 * The table of one torrent's hosts: which of them are shown, in what order, and
 * each as a row.
 *
 * @module
 */
import type { PeerAddress } from "../../base/peer_address.ts";
import type { Row } from "./content.ts";
import { type Host, HOST_STATES } from "./host.ts";
import { type Html, type HtmlValue, markup, shownText } from "./html.ts";
import { rank } from "./ranking.ts";
import type { Column } from "./table_head.ts";
import {
  formatAge,
  formatFraction,
  formatSpeed,
  formatTimeLeft,
} from "./units.ts";
import type { HostKey, TorrentView } from "./view.ts";

/** Hosts shown at most: the first of the order that is asked for. */
export const MAX_HOST_ROWS = 300;

/** The table's columns. */
export const HOST_COLUMNS: readonly Column<HostKey>[] = [
  { label: "Host", key: "host", isNumeric: false },
  { label: "Client", key: "client", isNumeric: false },
  { label: "Progress", key: "progress", isNumeric: false },
  { label: "Speed", key: "speed", isNumeric: true },
  { label: "Time left", key: "left", isNumeric: true },
  { label: "Last announce", key: "seen", isNumeric: true },
];

/** Hosts to be shown. */
export interface HostSelection {
  /** The first of those that match, at most {@linkcode MAX_HOST_ROWS}. */
  readonly shown: readonly Host[];
  /** How many match what is searched for. */
  readonly matchCount: number;
}

/** Searches and sorts. */
export function selectHosts(
  hosts: readonly Host[],
  { search, order }: Pick<TorrentView, "search" | "order">,
): HostSelection {
  const wanted = search.toLowerCase();
  const matches = wanted === ""
    ? hosts
    : hosts.filter((host) =>
      host.addresses.some(({ hostname }) => hostname.includes(wanted)) ||
      host.client.toLowerCase().includes(wanted) ||
      host.state.includes(wanted)
    );
  const shown = rank(matches, {
    valueOf: order === undefined ? needOf : VALUES[order.key],
    isDescending: order?.isDescending ?? false,
    tieOf: ({ sortAddress, peerId }) => sortAddress + peerId,
  }, MAX_HOST_ROWS);
  return { shown, matchCount: matches.length };
}

/** One host as a row. */
export function renderHostRow(host: Host): Row {
  const { peerId, state } = host;
  return {
    key: peerId,
    html: markup`<tr data-key="${peerId}" id="host-${peerId}">
      <th scope="row">${host.addresses.map(renderAddress)}</th>
      <td data-label="Client">${shownText(host.client)}</td>
      <td class="wide" data-label="Progress">${renderProgress(host)}</td>
      <td class="number" data-label="Speed">${
      state === "fetching" ? formatSpeed(host.bytesPerSecond) : NONE
    }</td>
      <td class="number" data-label="Time left">${renderEnd(host)}</td>
      <td class="number faint" data-label="Last announce">${
      formatAge(host.secondsSilent)
    }</td></tr>`,
  };
}

/** Where there is nothing to tell. */
const NONE = markup`<span class="none">–</span>`;

/** What a state means, for who rests the pointer on it. */
const EXPLANATIONS: Readonly<Record<Host["state"], string>> = {
  stuck: "received nothing between its last two announces",
  silent: "has not announced for a while",
  waiting: "has received nothing so far",
  fetching: "is receiving",
  done: "has everything",
};

/** A state as a coloured word. */
export function renderState(state: Host["state"], text: HtmlValue): Html {
  return markup`<b class="badge ${state}" title="${
    EXPLANATIONS[state]
  }">${text}</b>`;
}

function renderAddress({ hostname, port }: PeerAddress): Html {
  return markup`<span class="address">${
    shownText(hostname)
  }<small>:${port}</small></span>`;
}

function renderProgress({ state, fraction }: Host): Html {
  if (fraction === undefined) return markup`<span class="faint">unknown</span>`;
  const text = formatFraction(fraction);
  return markup`<progress class="${state}" max="1000" value="${
    Math.floor(fraction * 1000)
  }"></progress><span>${text}</span>`;
}

function renderEnd({ state, secondsLeft }: Host): Html {
  return secondsLeft === undefined
    ? renderState(state, state)
    : markup`<span>${formatTimeLeft(secondsLeft)}</span>`;
}

const VALUES: Readonly<
  Record<HostKey, (host: Host) => number | string | undefined>
> = {
  host: ({ sortAddress }) => sortAddress,
  client: ({ client }) => client.toLowerCase(),
  progress: ({ fraction }) => fraction,
  speed: ({ state, bytesPerSecond }) =>
    state === "fetching" ? bytesPerSecond : undefined,
  left: ({ secondsLeft }) => secondsLeft,
  seen: ({ secondsSilent }) => secondsSilent,
};

/** Those in trouble first; within a state by address, so that rows keep their places. */
function needOf({ state }: Host): number {
  return HOST_STATES.indexOf(state);
}
