/**
 * Renders progress as text: of one work as a line with a bar, and of torrents in the
 * room on the terminal. Pure. The bar keeps its length as the numbers change, because
 * each text has columns reserved for it.
 */
import type { TorrentSnapshot } from "../lib/peers.ts";
import { cutName } from "../lib/torrents.ts";
import { type Room, truncate } from "./console.ts";
import { printable } from "./printable.ts";
import {
  formatSize,
  formatTimeLeft,
  plural,
  TIME_LEFT_COLUMNS,
} from "./quantity.ts";

/** Widest bar, without its brackets: more columns show nothing more. */
const MAX_BAR_COLUMNS = 40;
/** Narrowest bar that still shows something. */
const MIN_BAR_COLUMNS = 5;
const BRACKET_COLUMNS = 2;

export interface LinePart {
  /** One column per character; empty if there is nothing to show now. */
  readonly text: string;
  readonly columns: number;
}

/** The part that is done, from 0 to 1; 1 if there is no work at all. */
export function fractionOf(done: number, total: number): number {
  return total === 0 ? 1 : done / total;
}

/**
 * The bar and, from the front, as many parts as fit in `widest` columns. The bar is
 * left out before the first part.
 */
export function renderBarLine(
  fraction: number,
  parts: readonly LinePart[],
  widest: number,
): string {
  const texts = parts.map(({ text, columns }) => `  ${text.padEnd(columns)}`);
  const roomForBar = (): number =>
    widest - texts.join("").length - BRACKET_COLUMNS;
  while (texts.length > 1 && roomForBar() < MIN_BAR_COLUMNS) texts.pop();
  const room = roomForBar();
  const bar = room < MIN_BAR_COLUMNS
    ? ""
    : renderBar(fraction, Math.min(MAX_BAR_COLUMNS, room));
  return (bar + texts.join("")).trim().slice(0, Math.max(0, widest));
}

/** `[####......]`, with `columns` columns between the brackets. */
export function renderBar(fraction: number, columns: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * columns);
  return `[${"#".repeat(filled)}${".".repeat(columns - filled)}]`;
}

export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly elapsedMs: number;
}

/**
 * One line narrower than `columns`: bar, percentage, size, speed and time left, as
 * many of them as fit.
 */
export function renderProgress(
  { doneBytes, totalBytes, elapsedMs }: Progress,
  columns: number,
): string {
  const fraction = fractionOf(doneBytes, totalBytes);
  const bytesPerSecond = elapsedMs > 0 ? doneBytes / elapsedMs * 1000 : 0;
  const secondsLeft = (totalBytes - doneBytes) / bytesPerSecond;
  // Rounded down: only finished work shows 100%.
  const percentage = Math.floor(fraction * 100);
  const sizes = `${formatSize(doneBytes)} of ${formatSize(totalBytes)}`;
  const parts = [
    { text: `${percentage}%`.padStart(4), columns: 4 },
    { text: sizes, columns: 26 },
    { text: `${formatSize(bytesPerSecond)}/s`, columns: 13 },
    { text: formatTimeLeft(secondsLeft), columns: TIME_LEFT_COLUMNS },
  ];
  // One column stays free: some terminals wrap when the last is written.
  return renderBarLine(fraction, parts, columns - 1);
}

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
  room: Room,
): string[] {
  const { columns, rows } = room;
  const ordered = STATES.flatMap((state) =>
    snapshots.filter((snapshot) => snapshot.state === state)
  );
  const doAllFit = ordered.length * LINES_PER_TRANSFER <= rows;
  const shownCount = doAllFit
    ? ordered.length
    : Math.max(0, Math.floor((rows - 1) / LINES_PER_TRANSFER));
  const lines = ordered.slice(0, shownCount)
    .flatMap((snapshot) => renderTransfer(snapshot, room));
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
  room: Omit<Room, "rows">,
): string[] {
  // One column stays free: some terminals wrap when the last is written.
  const widest = room.columns - 1 - INDENT.length;
  const progress = renderBarLine(
    fractionOf(snapshot.verifiedLength, snapshot.length),
    partsOf(snapshot),
    widest,
  );
  return [renderHeading(snapshot, room), INDENT + progress];
}

/** The name and, as far as there is room, the size and the peers. */
function renderHeading(
  snapshot: TorrentSnapshot,
  room: Omit<Room, "rows">,
): string {
  const details = [
    `  ${formatSize(snapshot.length)}`,
    ...describePeers(snapshot).map((text) => `  ${text}`),
  ];
  const nameColumns = Math.min(
    MIN_NAME_COLUMNS,
    room.widthOf(printable(snapshot.name)),
  );
  while (nameColumns + details.join("").length >= room.columns) {
    if (details.pop() === undefined) break;
  }
  return renderNamed(snapshot.name, details.join(""), room);
}

/** A name, truncated as far as necessary, and a text; narrower than `columns`. */
export function renderNamed(
  name: string,
  text: string,
  { columns, widthOf }: Omit<Room, "rows">,
): string {
  const left = { columns: columns - 1 - text.length, widthOf };
  return truncate(printable(cutName(name)), left) + text;
}

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
