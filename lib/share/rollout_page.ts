/**
 * The part of the page that follows a rollout: the number of verified hosts, the unplug
 * light, the end, a map of the pieces, and a table of the hosts, with hosts that need
 * attention first. Pure.
 *
 * @module
 */
import { type Html, markup, shownText } from "../tracker/page/html.ts";
import {
  type MainPart,
  NO_VALUE,
  renderTable,
  selectRows,
  type TableKind,
} from "../tracker/page/table.ts";
import {
  formatCount,
  formatFraction,
  formatSpeed,
} from "../tracker/page/units.ts";
import type { PageView } from "../tracker/page/view.ts";
import type { Finish } from "../rollout/forecast.ts";
import {
  countStates,
  isVerified,
  ROLLOUT_STATES,
  type RolloutHost,
  type RolloutState,
} from "../rollout/host_state.ts";
import {
  describeFinish,
  describeLight,
  describeVerdict,
} from "../rollout/rollout_words.ts";
import type { Verdict } from "../rollout/rollout.ts";
import type { Clocks } from "../rollout/rollout_document.ts";
import type { LightColor, SourceLight } from "../rollout/rollout_share.ts";

/** Most shares with a light of their own. */
const MAX_SHARES = 20;

/** One share, as far as its hosts depend on it. */
export interface RolloutPageShare {
  readonly name: string;
  readonly light: SourceLight | undefined;
  readonly finish: Finish | undefined;
  readonly isPaused: boolean;
}

export interface RolloutPage {
  readonly hosts: readonly RolloutHost[];
  readonly verdict: Verdict;
  readonly shares: readonly RolloutPageShare[];
  /** Shown between the summary and the table. */
  readonly invitation: Html | undefined;
}

/** The class of a state or a light, which colors it. */
const CLASSES: Readonly<Record<RolloutState | LightColor, string>> = {
  ...{ missing: "stuck", failed: "stuck", stuck: "stuck", left: "silent" },
  ...{ waiting: "waiting", verifying: "fetching", fetching: "fetching" },
  ...{ verified: "done", done: "done" },
  ...{ red: "stuck", amber: "waiting", green: "done" },
};

const TABLE: TableKind<RolloutHost> = {
  noun: "host",
  emptyNote: "No machine has joined yet.",
  columns: [
    ["Host", "text", "name", sortableName],
    ["State", "text", "state", rankOf],
    ["Progress", "text", "progress", ({ fraction }) => fraction],
    ["Receives", "number", "speed", (host) => receiveRate(host) || undefined],
    ["Sends", "number", "sent", (host) => sendRate(host) || undefined],
    ["Note", "text"],
  ],
  defaultOrder: rankOf,
  tieOf: sortableName,
  matches: ({ name, address = "", state, reason = "" }, search) =>
    [name, address, state, reason].some((text) =>
      text.toLowerCase().includes(search)
    ),
};

function rankOf({ state }: RolloutHost): number {
  return ROLLOUT_STATES.indexOf(state);
}

function receiveRate({ downloadBytesPerSecond }: RolloutHost): number {
  return downloadBytesPerSecond;
}

function sendRate({ uploadBytesPerSecond }: RolloutHost): number {
  return uploadBytesPerSecond;
}

/** `lab10` after `lab9`. */
function sortableName({ name, address = "" }: RolloutHost): string {
  return `${name.toLowerCase()} ${address}`
    .replace(/\d+/g, (digits) => digits.padStart(12, "0"));
}

export function renderRollout(
  view: PageView,
  { hosts, verdict, shares, invitation }: RolloutPage,
  clocks: Clocks,
): MainPart {
  const { shown, matchCount } = selectRows(hosts, TABLE, view);
  const rows = shown.map(renderRow);
  const count = hosts.length;
  const table = renderTable(TABLE, { view, rows, matchCount, count });
  const headline = describeVerdict(verdict, hosts.length);
  const isOne = shares.length === 1;
  const details = shares.slice(0, MAX_SHARES).map((share) =>
    renderShare(share, { title: isOne ? undefined : share.name, clocks })
  );
  const summary = markup`<section id="rollout" class="card swarm">
    <p class="headline"><strong>${headline}</strong>${renderCounts(hosts)}</p>
    ${renderProgress(hosts, verdict)}${details}</section>`;
  const isBegun = hosts.some(({ state }) => state !== "missing");
  const top = isBegun ? [summary, invitation] : [invitation, summary];
  return {
    title: `${headline} · ${shares.map(({ name }) => shownText(name)).join()}`,
    ...table,
    before: markup`${top}${table.before}`,
  };
}

function renderCounts(hosts: readonly RolloutHost[]): Html[] {
  const counts = countStates(hosts);
  return ROLLOUT_STATES.filter((state) => counts[state] > 0)
    .map((state) =>
      markup` ${renderState(state, `${formatCount(counts[state])} ${state}`)}`
    );
}

function renderState(state: RolloutState, text: string): Html {
  return markup`<b class="badge ${CLASSES[state]}">${text}</b>`;
}

function renderProgress(
  hosts: readonly RolloutHost[],
  { needed = hosts.length, verified }: Verdict,
): Html | undefined {
  if (needed === 0) return undefined;
  const value = Math.min(verified, needed);
  return markup`<progress class="share" max="${needed}" value="${value}"></progress>`;
}

function renderShare(
  { light, finish, isPaused }: RolloutPageShare,
  { title, clocks }: {
    readonly title: string | undefined;
    readonly clocks: Clocks;
  },
): Html {
  const heading = title && markup`<h3><bdi>${shownText(title)}</bdi></h3>`;
  const source = light &&
    markup`<p class="light ${CLASSES[light.light]}">${
      describeLight(light)
    }</p>`;
  const end = isPaused
    ? markup`<p><b class="badge waiting">paused</b> until <code>resume</code></p>`
    : finish && markup`<p>${describeFinish(finish, clocks)}</p>`;
  return markup`<div>${heading}${source}${end}${
    light && renderMap(light)
  }</div>`;
}

/** Classes of pieces by the number of other hosts that have them: none, one, more. */
const LEVELS = ["stuck", "waiting", "done"] as const;

/** A strip with the pieces in their order, colored by how many other hosts have them. */
function renderMap({ map }: SourceLight): Html | undefined {
  if (map.length === 0) return undefined;
  const paths = LEVELS.map(() => "");
  const counts = LEVELS.map(() => 0);
  for (let cell = 0, start = 0; cell < map.length; start = cell) {
    const level = Math.min(map[cell]!, LEVELS.length - 1);
    while (Math.min(map[cell] ?? -1, LEVELS.length - 1) === level) cell++;
    const width = cell - start;
    paths[level] += `M${start} 0h${width}v1h-${width}z`;
    counts[level]! += width;
  }
  const [none, one, more] = counts
    .map((count) => `${Math.round(100 * count / map.length)}%`);
  const label =
    `Pieces by other machines that have them: ${none} none, ${one} one, ${more} two or more`;
  const strips = paths.map((path, level) =>
    path === "" ? "" : markup`<path class="${LEVELS[level]}" d="${path}"/>`
  );
  return markup`<svg class="pieces" viewBox="0 0 ${map.length} 1" preserveAspectRatio="none" role="img" aria-label="${label}" shape-rendering="crispEdges">${strips}</svg>
    <p class="legend faint">Pieces on <span class="stuck">no</span> <span class="waiting">one</span> <span class="done">two or more</span> other machines; each stretch shows its rarest piece</p>`;
}

function renderRow(host: RolloutHost): Html {
  const { name, address, state, fraction, reason } = host;
  const place = address === undefined || name.includes(address)
    ? undefined
    : markup`<small class="address">${shownText(address)}</small>`;
  const note = reason ??
    (isVerified(host) && !host.isReporting ? "as it announces" : undefined);
  const [receives, sends] = [receiveRate(host), sendRate(host)]
    .map((rate) => rate > 0 ? formatSpeed(rate) : NO_VALUE);
  const shownNote = note === undefined ? NO_VALUE : markup`<bdi>${note}</bdi>`;
  const thousandths = Math.floor(fraction * 1000);
  return markup`<tr data-key="${name} ${address}">
    <th scope="row"><span class="name"><bdi>${
    shownText(name)
  }</bdi></span>${place}</th>
    <td data-label="State">${renderState(state, state)}</td>
    <td class="wide" data-label="Progress"><progress class="${
    CLASSES[state]
  }" max="1000" value="${thousandths}"></progress><span>${
    formatFraction(fraction)
  }</span></td>
    <td class="number" data-label="Receives">${receives}</td>
    <td class="number" data-label="Sends">${sends}</td>
    <td class="reason" data-label="Note">${shownNote}</td></tr>`;
}
