/**
 * One torrent's progress as text: a pure function of its snapshot and the width
 * of the terminal.
 *
 * @module
 */
import stringWidth from "string-width";
import type { TorrentSnapshot } from "../mod.ts";
import { printable } from "./printable.ts";
import { fractionOf, type LinePart, renderBarLine } from "./progress_bar.ts";
import {
  formatSize,
  formatTimeLeft,
  plural,
  TIME_LEFT_COLUMNS,
} from "./quantity.ts";

/** What a name keeps before anything beside it is left out. */
const MIN_NAME_COLUMNS = 8;

/** How far the second line is set in. */
const INDENT = "  ";

/** Two lines for a terminal: what it is and with whom, and how far. Narrower than `columns`. */
export function renderTransfer(
  snapshot: TorrentSnapshot,
  columns: number,
): string[] {
  // One column stays free: some terminals wrap when the last is written.
  const widest = columns - 1;
  const state = renderBarLine(
    verifiedFraction(snapshot),
    stateParts(snapshot),
    widest - INDENT.length,
  );
  return [renderHeading(snapshot, columns), INDENT + state];
}

/** A name, cut as far as it must be, and what is said of it. Narrower than `columns`. */
export function renderNamed(
  name: string,
  text: string,
  columns: number,
): string {
  return truncate(printable(name), columns - 1 - text.length) + text;
}

/** One line for a log. */
export function describeTransfer(snapshot: TorrentSnapshot): string {
  const texts = stateParts(snapshot).map(({ text }) => text.trim())
    .filter((text) => text !== "");
  if (snapshot.state !== "failed") texts.push(describePeers(snapshot));
  return `${printable(snapshot.name)}: ${texts.join(", ")}`;
}

/** Seconds until the last piece at the present speed; `undefined` if nothing moves. */
export function secondsLeft(snapshot: TorrentSnapshot): number | undefined {
  const missing = snapshot.length - snapshot.verifiedLength;
  return snapshot.downloadBytesPerSecond > 0
    ? missing / snapshot.downloadBytesPerSecond
    : undefined;
}

/** The name and, as far as there is room, the size and the peers. */
function renderHeading(snapshot: TorrentSnapshot, columns: number): string {
  const details = [formatSize(snapshot.length)];
  if (snapshot.state !== "failed") details.push(describePeers(snapshot));
  const nameColumns = Math.min(
    MIN_NAME_COLUMNS,
    stringWidth(printable(snapshot.name)),
  );
  while (nameColumns + tailOf(details).length >= columns) {
    if (details.pop() === undefined) break;
  }
  return renderNamed(snapshot.name, tailOf(details), columns);
}

function tailOf(details: readonly string[]): string {
  return details.map((detail) => `  ${detail}`).join("");
}

/** The most important first; the same columns in every state, so that bars line up. */
function stateParts(snapshot: TorrentSnapshot): LinePart[] {
  // Rounded down: 100% is said of a whole download alone.
  const thousandths = Math.floor(verifiedFraction(snapshot) * 1000);
  const up = `${formatSize(snapshot.uploadBytesPerSecond)}/s up`;
  return [
    { text: `${thousandths / 10}%`.padStart(5), columns: 5 },
    { text: describeWork(snapshot), columns: 16 },
    { text: snapshot.state === "failed" ? "" : up, columns: 14 },
    { text: describeTimeLeft(snapshot), columns: TIME_LEFT_COLUMNS },
  ];
}

function describeWork(snapshot: TorrentSnapshot): string {
  const { state } = snapshot;
  switch (state) {
    case "failed":
      return "stopped";
    case "seeding":
      return "seeding";
    case "downloading":
      return `${formatSize(snapshot.downloadBytesPerSecond)}/s down`;
    default:
      return state satisfies never;
  }
}

function describeTimeLeft(snapshot: TorrentSnapshot): string {
  const isUnderWay = snapshot.state === "downloading";
  return isUnderWay ? formatTimeLeft(secondsLeft(snapshot)) : "";
}

function describePeers({ peers }: TorrentSnapshot): string {
  if (peers.length === 0) return "no peers";
  const seeders = peers.filter((peer) => peer.isSeeder).length;
  return `${plural(peers.length, "peer")}, ${plural(seeders, "seeder")}`;
}

function verifiedFraction({ verifiedLength, length }: TorrentSnapshot): number {
  return fractionOf(verifiedLength, length);
}

/** Cuts `text` to `columns`, with a mark where it was cut. */
function truncate(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = "";
  for (const character of text) {
    if (stringWidth(kept + character) > columns - 1) break;
    kept += character;
  }
  return columns > 0 ? `${kept}…` : "";
}

/** Room on a terminal. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

const LINES_PER_TRANSFER = 2;

/** In the order of what is looked for: what is under way, then what went wrong. */
const STATES = ["downloading", "failed", "seeding"] as const;

/**
 * The lines for `snapshots`, those that are downloading first; what does not fit
 * in `rows` is counted in the last line. At least one line if there are any.
 */
export function renderTransferList(
  snapshots: readonly TorrentSnapshot[],
  { columns, rows }: Room,
): string[] {
  const ordered = STATES.flatMap((state) =>
    snapshots.filter((snapshot) => snapshot.state === state)
  );
  const doAllFit = ordered.length * LINES_PER_TRANSFER <= rows;
  const shownCount = doAllFit
    ? ordered.length
    // The last line counts the others.
    : Math.max(0, Math.floor((rows - 1) / LINES_PER_TRANSFER));
  const lines = ordered.slice(0, shownCount)
    .flatMap((snapshot) => renderTransfer(snapshot, columns));
  if (doAllFit) return lines;
  const rest = describeRest(ordered.slice(shownCount), shownCount === 0);
  return [...lines, rest.slice(0, Math.max(0, columns - 1))];
}

/** `and 9 more: 3 downloading, 6 seeding` */
function describeRest(
  snapshots: readonly TorrentSnapshot[],
  isAll: boolean,
): string {
  const counts = STATES.map((state) => ({
    state: state === "failed" ? "stopped" : state,
    count: snapshots.filter((snapshot) => snapshot.state === state).length,
  }));
  const texts = counts.filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}`);
  const heading = isAll
    ? plural(snapshots.length, "torrent")
    : `and ${snapshots.length} more`;
  return `${heading}: ${texts.join(", ")}`;
}
