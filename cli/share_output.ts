/**
 * The output of `share`: lines for people. Pure: values in, text out.
 */
import { encode } from "uqr";
import {
  countStates,
  describeLight,
  type JoinLine,
  type RolloutHost,
  type ShareSetting,
  shortHost,
  type SourceLight,
} from "../lib/shares.ts";
import type { CreateTorrentProgress } from "../lib/sources.ts";
import { cutName } from "../lib/torrents.ts";
import type { Room } from "./console.ts";
import { fractionOf } from "./progress_bar.ts";
import { formatSize, formatTimeLeft, plural } from "./quantity.ts";

export interface ShareStart {
  readonly names: readonly string[];
  /** Hosts and ports of the page, best first: `192.168.1.10:8000`. */
  readonly hosts: readonly string[];
  /** The command that fetches the shares on another machine. */
  readonly get: string;
  /** True if other machines find the shares by themselves. */
  readonly isDiscovered: boolean;
  /** Lines for machines with nothing installed; none without executables. */
  readonly join: readonly JoinLine[];
}

/** Columns of what stands before a text. */
const LABEL_COLUMNS = 28;

/** A text behind what it is for: `  Watch                     http://192.168.1.10:8000/` */
export function labelled(label: string, text: string): string {
  return `  ${label}`.padEnd(LABEL_COLUMNS) + text;
}

const NO_EXECUTABLE = "run deno task compile here; see the page then";

/**
 * The first lines, before anything of the content is read. Where one would be wider
 * than `columns`, each text stands below what it is for.
 */
export function formatShareStart(
  { names, hosts, get, isDiscovered, join }: ShareStart,
  columns = Infinity,
): string[] {
  const [host, ...others] = hosts;
  const named = getFrom(host!, get);
  const lines = [
    ["On each other machine", isDiscovered ? get : named],
    ...isDiscovered ? [["  if it finds nothing", named]] : [],
    ...join.length === 0
      ? [["With nothing installed", NO_EXECUTABLE]]
      : join.map(({ label, command }) => [label, command]),
    ["Watch", `http://${host}/`],
    ...others.map((other) => ["  or", `http://${other}/`]),
  ] as [label: string, text: string][];
  const isNarrow = lines.some(([, text]) =>
    LABEL_COLUMNS + text.length > columns
  );
  return [
    `Sharing ${names.map(cutName).join(", ")} on this network`,
    ...lines.flatMap(([label, text]) =>
      isNarrow ? [`  ${label}`, `      ${text}`] : [labelled(label, text)]
    ),
  ];
}

export function getFrom(host: string, get: string): string {
  return `${get} ${shortHost(host)}`;
}

/** The size of what is shared, in bytes. */
export interface SharePlan {
  readonly fileCount: number;
  readonly length: number;
}

/** `images: 12 files, 58.4 GiB` */
export function describeShare(
  name: string,
  { fileCount, length }: SharePlan,
): string {
  const size = formatSize(length);
  return `${cutName(name)}: ${plural(fileCount, "file")}, ${size}`;
}

/** `Hashing 34 %  112 MiB/s  6:10 left; machines may join already` */
export function describeHashing(
  { hashedLength, length }: CreateTorrentProgress,
  elapsedMs: number,
): string {
  const rate = hashedLength / elapsedMs * 1000;
  const percentage = Math.floor(fractionOf(hashedLength, length) * 100);
  const left = formatTimeLeft((length - hashedLength) / rate);
  const parts = [`${percentage} %`, `${formatSize(rate)}/s`, left];
  const text = parts.filter((part) => part !== "").join("  ");
  return `Hashing ${text}; machines may join already`;
}

/**
 * Machines that have every share that they asked for, those that left included; that
 * are there and lack something; and that have given up.
 */
type MachineCounts = Record<"complete" | "fetching" | "failed", number>;

export function countMachines(hosts: readonly RolloutHost[]): MachineCounts {
  const { waiting, fetching, verifying, stuck, verified, done, failed } =
    countStates(hosts);
  return {
    complete: verified + done,
    fetching: waiting + fetching + verifying + stuck,
    failed,
  };
}

/**
 * `7 machines: 3 complete, 4 fetching   118 MiB/s from here, 1.1 GiB/s in all`
 * @param rates In bytes a second: sent by this machine, received by all.
 */
export function describeMachines(
  { complete, fetching, failed }: MachineCounts,
  { own, all }: { readonly own: number; readonly all: number },
): string {
  const count = complete + fetching + failed;
  if (count === 0) return "no machine has joined yet";
  const failures = failed === 0 ? "" : `, ${failed} failed`;
  const states = `${complete} complete, ${fetching} fetching${failures}`;
  const machines = `${plural(count, "machine")}: ${states}`;
  // A rate falls to 0 only some time after the last byte.
  if (all === 0 || fetching === 0) return machines;
  const rates = `${formatSize(own)}/s from here, ${formatSize(all)}/s in all`;
  return `${machines}   ${rates}`;
}

/** `Light of tools.zip: red. 41% is only on this machine: leave it on` */
export function describeShareLight(
  light: Pick<SourceLight, "light" | "onlyHere">,
  name?: string,
): string {
  const share = name === undefined ? "" : ` of ${cutName(name)}`;
  return `Light${share}: ${light.light}. ${describeLight(light)}`;
}

/** `paused`, `at most 9.5 MiB/s in all`; empty without either. */
export function describeControl(settings: readonly ShareSetting[]): string {
  const pausedCount = settings.filter(({ isPaused }) => isPaused).length;
  if (pausedCount > 0) {
    return pausedCount === settings.length
      ? "paused"
      : `${pausedCount} of ${settings.length} shares are paused`;
  }
  const limits = new Set(settings.flatMap(({ limit }) => limit ?? []));
  const rates = [...limits].map(({ bytesPerSecond }) => bytesPerSecond);
  if (rates.length === 0) return "";
  const sum = rates.reduce((sum, rate) => sum + rate);
  return `at most ${formatSize(sum)}/s in all`;
}

/** `2 machines still fetch; 41% is only on this machine; Ctrl+C again to leave` */
export function describeNeed(
  fetching: number,
  uniqueFraction: number,
): string {
  const verb = fetching === 1 ? "fetches" : "fetch";
  const machines = `${plural(fetching, "machine")} still ${verb}`;
  // Rounded up: 0 % is said only if everything is elsewhere.
  const percentage = Math.ceil(uniqueFraction * 100);
  const unique = percentage === 0
    ? "others have everything"
    : `${percentage}% is only on this machine`;
  return `${machines}; ${unique}; Ctrl+C again to leave`;
}

/** Light modules around the code: readers find it by them. */
const QUIET_ZONE = 2;
/** Black on white of the fixed part of the palette, which themes do not change. */
const COLORS = "\x1b[38;5;16;48;5;231m";
const RESET = "\x1b[0m";

/** The lines of a QR code; each character shows two modules, one above the other. */
export function renderQrCode(text: string): string[] {
  const { data: modules } = encode(text, { ecc: "L", border: QUIET_ZONE });
  return modules.flatMap((upperRow, row) => {
    if (row % 2 === 1) return [];
    const cells = upperRow.map((upper, column) => {
      const lower = modules[row + 1]?.[column] ?? false;
      return upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
    });
    return [COLORS + cells.join("") + RESET];
  });
}

/** The lines with a QR code beside them, or below, or without it where there is no room. */
export function placeCode(
  lines: readonly string[],
  code: readonly string[],
  { columns, rows, widthOf }: Room,
): string[] {
  const width = Math.max(...lines.map(widthOf)) + 2;
  // Two modules in a row of characters, and one in a column.
  const codeWidth = 2 * code.length;
  if (width + codeWidth <= columns && code.length <= rows) {
    const rowCount = Math.max(lines.length, code.length);
    return Array.from({ length: rowCount }, (_, row) => {
      const line = lines[row] ?? "";
      const cells = code[row];
      if (cells === undefined) return line;
      return line + " ".repeat(width - widthOf(line)) + cells;
    });
  }
  const fitsBelow = 2 + codeWidth <= columns &&
    lines.length + code.length <= rows;
  return [...lines, ...fitsBelow ? code.map((cells) => `  ${cells}`) : []];
}
