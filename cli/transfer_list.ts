/**
 * Several torrents' progress as a block of lines that is never taller than the
 * room it has: a pure function of their snapshots and of the room.
 *
 * @module
 */
import type { TorrentSnapshot } from "../mod.ts";
import { plural } from "./quantity.ts";
import { renderTransfer } from "./transfer_view.ts";

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
