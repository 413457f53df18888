/**
 * The table of a torrent's hosts: its columns, its search and its rows.
 *
 * @module
 */
import { type Host, HOST_STATES, type HostState } from "./host.ts";
import { type Html, type HtmlValue, markup, shownText } from "./html.ts";
import { NO_VALUE, type TableKind } from "./table.ts";
import {
  formatAge,
  formatFraction,
  formatSpeed,
  formatTimeLeft,
} from "./units.ts";

/** The table of hosts. */
export const HOST_TABLE: TableKind<Host> = {
  id: "hosts",
  columns: [
    ["Host", "text", "host", ({ sortAddress }) => sortAddress],
    ["Client", "text", "client", ({ client }) => client.toLowerCase()],
    ["Progress", "text", "progress", ({ fraction }) => fraction],
    [
      "Speed",
      "number",
      "speed",
      ({ state, bytesPerSecond }) =>
        state === "fetching" ? bytesPerSecond : undefined,
    ],
    ["Time left", "number", "left", ({ secondsLeft }) => secondsLeft],
    ["Last announce", "number", "seen", ({ secondsSilent }) => secondsSilent],
  ],
  // Those in trouble first. Within a state by address, so that rows stay in place.
  defaultOrder: ({ state }) => HOST_STATES.indexOf(state),
  tieOf: ({ sortAddress, peerId }) => sortAddress + peerId,
  matches: ({ addresses, client, state }, search) =>
    addresses.some(({ hostname }) => hostname.includes(search)) ||
    client.toLowerCase().includes(search) || state.includes(search),
};

/** Writes a host's row. */
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
  return markup`<tr data-key="${peerId}" id="host-${peerId}">
    <th scope="row">${addresses}</th>
    <td data-label="Client">${shownText(host.client)}</td>
    <td class="wide" data-label="Progress">${progress}</td>
    <td class="number" data-label="Speed">${
    state === "fetching" ? formatSpeed(host.bytesPerSecond) : NO_VALUE
  }</td>
    <td class="number" data-label="Time left">${end}</td>
    <td class="number faint" data-label="Last announce">${
    formatAge(host.secondsSilent)
  }</td></tr>`;
}

const EXPLANATIONS: Readonly<Record<HostState, string>> = {
  stuck: "received nothing between its last two announces",
  silent: "has not announced for a while",
  waiting: "has received nothing so far",
  fetching: "is receiving",
  done: "has everything",
};

/** Writes a state as a coloured word, with its explanation as a tooltip. */
export function renderState(state: HostState, text: HtmlValue): Html {
  return markup`<b class="badge ${state}" title="${
    EXPLANATIONS[state]
  }">${text}</b>`;
}
