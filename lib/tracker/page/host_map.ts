/**
 * All hosts of a torrent at one look: a cell for each in the order of their
 * addresses, filled as far as the host is and coloured by how it gets on. A host
 * keeps its place, so that somebody who knows the room finds it again.
 *
 * @module
 */
import type { Host } from "./host.ts";
import { type Html, markup, shownText } from "./html.ts";
import { rank } from "./ranking.ts";
import { formatFraction } from "./units.ts";

/** Cells at most; beyond that the table alone tells. */
export const MAX_CELLS = 300;

/** Draws the cells; nothing for fewer than two hosts. */
export function renderHostMap(hosts: readonly Host[]): Html {
  if (hosts.length < 2 || hosts.length > MAX_CELLS) return markup``;
  const sorted = rank(hosts, {
    valueOf: ({ sortAddress }) => sortAddress,
    isDescending: false,
    tieOf: ({ peerId }) => peerId,
  });
  return markup`<ol class="map" aria-label="Hosts by address">${
    sorted.map(renderCell)
  }</ol>`;
}

function renderCell({ peerId, addresses, state, fraction }: Host): Html {
  const hostname = shownText(addresses[0]?.hostname ?? "");
  const progress = fraction === undefined
    ? ""
    : `, ${formatFraction(fraction)}`;
  // Whole tenths, and ten of them only for what is complete.
  const tenths = Math.floor((fraction ?? 0) * 10);
  return markup`<li class="${state} fill${tenths}">
    <a href="#host-${peerId}" title="${hostname}: ${state}${progress}">${
    shortName(hostname)
  }</a></li>`;
}

/** The end of an address, which is what differs in a LAN: `.17`, `:2f`. */
function shortName(hostname: string): string {
  return /[.:]?[^.:]*$/.exec(hostname)![0].slice(0, 6);
}
