/**
 * The live parts that tell of one torrent's hosts: how far all of them are, a
 * cell for each, and the table. They stand below the table of torrents where
 * there is but one, and on the torrent's own page.
 *
 * @module
 */
import type { Row } from "./content.ts";
import type { Host } from "./host.ts";
import { renderHostMap } from "./host_map.ts";
import { renderHostRow, renderState, selectHosts } from "./host_table.ts";
import { type Html, markup, shownText } from "./html.ts";
import { type Outlook, outlookOf } from "./swarm_progress.ts";
import type { TorrentState } from "./tracker_snapshot.ts";
import { formatCount, formatPlural, formatTimeLeft } from "./units.ts";
import type { TorrentView } from "./view.ts";

/** The live parts. */
export interface HostsContent {
  readonly regions: ReadonlyMap<string, Html>;
  readonly rows: readonly Row[];
}

/** Writes them. */
export function renderHosts(
  torrent: TorrentState,
  hosts: readonly Host[],
  look: Pick<TorrentView, "search" | "order">,
): HostsContent {
  const { shown, matchCount } = selectHosts(hosts, look);
  // A store may give but some of the peers.
  const peerCount = Math.max(torrent.seeders + torrent.leechers, hosts.length);
  const hiddenCount = look.search === ""
    ? peerCount - shown.length
    : matchCount - shown.length;
  return {
    regions: new Map([
      ["outlook", renderOutlook(torrent, outlookOf(hosts))],
      ["map", renderHostMap(hosts)],
      [
        "hosts-note",
        renderNote({ hiddenCount, matchCount, search: look.search }),
      ],
    ]),
    rows: shown.map(renderHostRow),
  };
}

function renderOutlook(
  { seeders, leechers }: TorrentState,
  { counts, secondsLeft }: Outlook,
): Html {
  const peers = seeders + leechers;
  if (peers === 0) return markup``;
  const isDone = leechers === 0;
  const headline = isDone
    ? markup`All ${formatPlural(peers, "host")} ${
      peers === 1 ? "has" : "have"
    } it`
    : markup`${formatCount(seeders)} of ${formatPlural(peers, "host")} ${
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
  return markup`<p class="headline"><strong>${headline}</strong>${time}${states}</p>
    <progress class="share" max="${peers}" value="${seeders}"></progress>`;
}

interface Note {
  readonly hiddenCount: number;
  readonly matchCount: number;
  readonly search: string;
}

function renderNote({ hiddenCount, matchCount, search }: Note): Html {
  if (search !== "" && matchCount === 0) {
    return markup`No host matches “${shownText(search)}”.`;
  }
  return hiddenCount <= 0
    ? markup``
    : markup`and ${formatCount(hiddenCount)} more: search or sort to see them`;
}
