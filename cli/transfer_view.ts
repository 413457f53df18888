/**
 * Renders the progress of torrents as text. Pure: their snapshots and the room on
 * the terminal in, text out.
 *
 * @module
 */
import stringWidth from "string-width";
import { cutName, type TorrentSnapshot } from "../mod.ts";
import { truncate } from "./job_output.ts";
import { printable } from "./printable.ts";
import { fractionOf, type LinePart, renderBarLine } from "./progress_bar.ts";
import {
  formatSize,
  formatTimeLeft,
  plural,
  TIME_LEFT_COLUMNS,
} from "./quantity.ts";

/** Columns of a name before anything beside it is left out. */
const MIN_NAME_COLUMNS = 8;
const INDENT = "  ";
const LINES_PER_TRANSFER = 2;

/** The words for the states, in the order in which torrents are shown. */
const STATE_WORDS = {
  downloading: "downloading",
  failed: "stopped",
  seeding: "seeding",
} as const satisfies Record<TorrentSnapshot["state"], string>;
const STATES = Object.keys(STATE_WORDS) as (keyof typeof STATE_WORDS)[];

/**
 * The lines for several torrents, those that are downloading first; the last line
 * counts those that do not fit in `rows`. At least one line if there are any.
 */
export function renderTransferList(
  snapshots: readonly TorrentSnapshot[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string[] {
  const ordered = STATES.flatMap((state) =>
    snapshots.filter((snapshot) => snapshot.state === state)
  );
  const doAllFit = ordered.length * LINES_PER_TRANSFER <= rows;
  const shownCount = doAllFit
    ? ordered.length
    : Math.max(0, Math.floor((rows - 1) / LINES_PER_TRANSFER));
  const lines = ordered.slice(0, shownCount)
    .flatMap((snapshot) => renderTransfer(snapshot, columns));
  if (doAllFit) return lines;
  const rest = countStates(ordered.slice(shownCount));
  const heading = shownCount === 0
    ? plural(ordered.length, "torrent")
    : `and ${ordered.length - shownCount} more`;
  return [...lines, `${heading}: ${rest}`.slice(0, Math.max(0, columns - 1))];
}

/** `3 downloading, 6 seeding` */
function countStates(snapshots: readonly TorrentSnapshot[]): string {
  return STATES.flatMap((state) => {
    const { length } = snapshots.filter((each) => each.state === state);
    return length === 0 ? [] : [`${length} ${STATE_WORDS[state]}`];
  }).join(", ");
}

/** Name, size and peers on one line, progress on the next; narrower than `columns`. */
export function renderTransfer(
  snapshot: TorrentSnapshot,
  columns: number,
): string[] {
  // One column stays free: some terminals wrap when the last is written.
  const widest = columns - 1 - INDENT.length;
  const progress = renderBarLine(
    fractionOf(snapshot.verifiedLength, snapshot.length),
    partsOf(snapshot),
    widest,
  );
  return [renderHeading(snapshot, columns), INDENT + progress];
}

/** The name and, as far as there is room, the size and the peers. */
function renderHeading(snapshot: TorrentSnapshot, columns: number): string {
  const details = [
    `  ${formatSize(snapshot.length)}`,
    ...describePeers(snapshot).map((text) => `  ${text}`),
  ];
  const nameColumns = Math.min(
    MIN_NAME_COLUMNS,
    stringWidth(printable(snapshot.name)),
  );
  while (nameColumns + details.join("").length >= columns) {
    if (details.pop() === undefined) break;
  }
  return renderNamed(snapshot.name, details.join(""), columns);
}

/** A name, truncated as far as necessary, and a text; narrower than `columns`. */
export function renderNamed(
  name: string,
  text: string,
  columns: number,
): string {
  return truncate(printable(cutName(name)), columns - 1 - text.length) + text;
}

/** One line for a log. */
export function describeTransfer(snapshot: TorrentSnapshot): string {
  const texts = partsOf(snapshot).map(({ text }) => text.trim())
    .filter((text) => text !== "");
  return `${printable(cutName(snapshot.name))}: ${
    [...texts, ...describePeers(snapshot)].join(", ")
  }`;
}

/** Seconds until the last piece at the present speed; `undefined` if nothing moves. */
export function secondsLeft(snapshot: TorrentSnapshot): number | undefined {
  const missing = snapshot.length - snapshot.verifiedLength;
  return snapshot.downloadBytesPerSecond > 0
    ? missing / snapshot.downloadBytesPerSecond
    : undefined;
}

/** The most important first; the same columns in every state, so that bars line up. */
function partsOf(snapshot: TorrentSnapshot): LinePart[] {
  const { state, verifiedLength, length } = snapshot;
  const isDownloading = state === "downloading";
  // Rounded down: only a complete download shows 100%.
  const thousandths = Math.floor(fractionOf(verifiedLength, length) * 1000);
  const down = `${formatSize(snapshot.downloadBytesPerSecond)}/s down`;
  const up = `${formatSize(snapshot.uploadBytesPerSecond)}/s up`;
  const timeLeft = formatTimeLeft(secondsLeft(snapshot));
  return [
    { text: `${thousandths / 10}%`.padStart(5), columns: 5 },
    { text: isDownloading ? down : STATE_WORDS[state], columns: 16 },
    { text: state === "failed" ? "" : up, columns: 14 },
    { text: isDownloading ? timeLeft : "", columns: TIME_LEFT_COLUMNS },
  ];
}

/** One text, or none for a torrent that has stopped. */
function describePeers({ state, peers }: TorrentSnapshot): string[] {
  if (state === "failed") return [];
  if (peers.length === 0) return ["no peers"];
  const seeders = peers.filter((peer) => peer.isSeeder).length;
  return [`${plural(peers.length, "peer")}, ${plural(seeders, "seeder")}`];
}
