/**
 * One torrent's progress as text: a pure function of its snapshot and the width
 * of the terminal.
 *
 * @module
 */
import stringWidth from "string-width";
import type { TorrentSnapshot } from "../mod.ts";
import { printable } from "./printable.ts";
import { formatDuration, formatSize, renderBar } from "./progress_bar.ts";

const MAX_BAR_COLUMNS = 30;
const MIN_BAR_COLUMNS = 8;

/** Two lines for a terminal: what it is, and how far. Narrower than `columns`. */
export function renderTransfer(
  snapshot: TorrentSnapshot,
  columns: number,
): string[] {
  // One column stays free: some terminals wrap when the last is written.
  const widest = columns - 1;
  const size = formatSize(snapshot.length);
  const name = truncate(printable(snapshot.name), widest - size.length - 2);
  return [`${name}  ${size}`, renderState(snapshot, widest)];
}

/** One line for a log. */
export function describeTransfer(snapshot: TorrentSnapshot): string {
  return `${printable(snapshot.name)}: ${stateParts(snapshot).join(", ")}`;
}

/** Seconds until the last piece at the present speed; `undefined` if nothing moves. */
export function secondsLeft(snapshot: TorrentSnapshot): number | undefined {
  const missing = snapshot.length - snapshot.verifiedLength;
  return snapshot.downloadBytesPerSecond > 0
    ? missing / snapshot.downloadBytesPerSecond
    : undefined;
}

function renderState(snapshot: TorrentSnapshot, widest: number): string {
  const parts = stateParts(snapshot);
  while (parts.length > 1 && widthOf(parts) + MIN_BAR_COLUMNS + 4 > widest) {
    parts.pop();
  }
  const barColumns = Math.min(MAX_BAR_COLUMNS, widest - widthOf(parts) - 4);
  if (barColumns < MIN_BAR_COLUMNS) {
    return truncate(`  ${parts.join("  ")}`, widest);
  }
  const fraction = fractionOf(snapshot);
  return `  ${renderBar(fraction, barColumns)}${
    parts.map((part) => `  ${part}`).join("")
  }`;
}

/** The most important first. */
function stateParts(snapshot: TorrentSnapshot): string[] {
  const percentage = `${Math.floor(fractionOf(snapshot) * 1000) / 10}%`;
  const down = `${formatSize(snapshot.downloadBytesPerSecond)}/s down`;
  const up = `${formatSize(snapshot.uploadBytesPerSecond)}/s up`;
  const peers = describePeers(snapshot);
  switch (snapshot.state) {
    case "failed":
      return [percentage, "stopped"];
    case "seeding":
      return ["seeding", up, peers];
    case "downloading": {
      const seconds = secondsLeft(snapshot);
      const left = seconds === undefined
        ? []
        : [`${formatDuration(seconds)} left`];
      return [percentage, down, up, ...left, peers];
    }
  }
}

function describePeers({ peers }: TorrentSnapshot): string {
  if (peers.length === 0) return "no peers";
  const seeders = peers.filter((peer) => peer.isSeeder).length;
  return `${plural(peers.length, "peer")}, ${plural(seeders, "seeder")}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function fractionOf({ verifiedLength, length }: TorrentSnapshot): number {
  return length === 0 ? 1 : verifiedLength / length;
}

function widthOf(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + part.length + 2, 0);
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
