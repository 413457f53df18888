/**
 * The program `create`: makes a torrent file of a file or a folder.
 */
import { basename, dirname, resolve } from "@std/path";
import {
  checkAbsent,
  checkWritable,
  createTorrent,
  type CreateTorrentPlan,
  type CreateTorrentProgress,
  type LostProperties,
  saveTorrentFile,
} from "../lib/sources.ts";
import {
  choosePieceLength,
  findPortabilityFaults,
  magnetLinkOf,
  openWorkerHasher,
  type Platform,
  PLATFORM_NAMES,
  platformOf,
  sizeOfFiles,
  type Torrent,
  torrentPath,
} from "../lib/torrents.ts";
import { invocationOf, quoted } from "./command_words.ts";
import type { Console } from "./console.ts";
import {
  type CreateJob,
  findAnnounceFaults,
  parseCreateJob,
  readAlignment,
  readHints,
} from "./create_job.ts";
import { printable } from "./printable.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import { UsageError } from "./program_error.ts";
import { renderProgress } from "./progress_bar.ts";
import { formatSize, plural } from "./quantity.ts";

const REDRAW_INTERVAL_MS = 100;

export const create: Program = programOf(parseCreateJob, runCreate);

export async function runCreate(
  job: CreateJob,
  { console, permissions, signal }: JobContext,
): Promise<void> {
  await permissions.keepOnly("read", "write");
  const name = job.name ?? basename(resolve(job.path));
  const output = job.output ?? torrentFileName(name);
  if (await isSameFile(output, job.path)) {
    throw new UsageError("OUTPUT is the file to share; give another OUTPUT");
  }
  console.warn(...findAnnounceFaults(job.announce));
  // Before the scan and the hashing; saveTorrentFile() checks again.
  if (!job.force) await checkAbsent(output);

  const hints = await readHints(job, (text) => console.warn(text));
  using hasher = openWorkerHasher();
  const { bytes, torrent } = await createTorrent(job.path, {
    ...job,
    ...hints,
    name,
    isAligned: readAlignment(job),
    creationDate: Math.floor(Date.now() / 1000),
    exclude: output,
    signal,
    hasher,
    onPaths: (paths) => console.warn(...findNameWarnings(paths)),
    onPlan: async (plan) => {
      await checkWritable(output, plan.torrentFileLength);
      console.warn(...findPlanWarnings(plan));
      console.writeLine(printable(describePlan(plan)));
    },
    onProgress: console.isLive ? progressDrawer(console) : undefined,
  });
  signal.throwIfAborted();
  await saveTorrentFile(output, bytes, { overwrite: job.force });
  console.show([]);
  for (const line of summarize(torrent, job, output)) {
    console.writeLine(printable(line));
  }
}

/** Longest file name on common file systems, in bytes. */
const MAX_NAME_BYTES = 255;

/** The name of the torrent file of a download, which is cut to fit. */
export function torrentFileName(name: string): string {
  const room = new Uint8Array(MAX_NAME_BYTES - ".torrent".length);
  const { read } = new TextEncoder().encodeInto(name, room);
  return `${name.slice(0, read)}.torrent`;
}

function describePlan(
  { geometry, fileLength, fileCount, linkCount, torrentFileLength }:
    CreateTorrentPlan,
): string {
  const { length, pieceCount, pieceLength } = geometry;
  const files = plural(fileCount, "file");
  const links = linkCount === 0 ? "" : `, ${plural(linkCount, "link")}`;
  const pieces = `${plural(pieceCount, "piece")} of ${formatSize(pieceLength)}`;
  const size = formatSize(torrentFileLength);
  const padding = length === fileLength
    ? ""
    : `, ${formatSize(length - fileLength)} of padding`;
  return `Hashing:   ${files}${links}, ${
    formatSize(fileLength)
  }: ${pieces}${padding}, a torrent file of ${size}`;
}

/** Longer pieces are worth a warning, as a peer keeps several in memory; in bytes. */
const COSTLY_PIECE_LENGTH = 16 * 2 ** 20;

/** Warnings of the cost of a new torrent for its peers, and of all that it does not carry. */
export function findPlanWarnings(
  { geometry: { pieceLength, length }, lost }: CreateTorrentPlan,
): string[] {
  if (pieceLength <= COSTLY_PIECE_LENGTH) return describeLost(lost);
  const usual = choosePieceLength(length);
  const [size, cost] = [pieceLength, 2 * pieceLength].map(formatSize);
  const advice = pieceLength > usual
    ? `; ${formatSize(usual)} would be enough`
    : "";
  return [
    `pieces of ${size} cost each peer that downloads ${cost} of memory or more, as it keeps at least two whole pieces until they are verified${advice}`,
    ...describeLost(lost),
  ];
}

/** A line for what a torrent does not carry, and one for what is left out. */
export function describeLost(
  { executables, emptyFolders, links, leftOut }: LostProperties,
): string[] {
  const lost = [
    executables > 0 &&
    "executable bits, which the file system here gives to every file",
    emptyFolders > 0 && plural(emptyFolders, "empty folder"),
    links > 0 && `${plural(links, "link")} (what they lead to is shared)`,
  ].filter((part) => part !== false);
  const without = [...leftOut].map(([name, count]) => `${name} (${count})`);
  return [
    ...lost.length === 0 ? [] : [`a torrent does not carry ${lost.join(", ")}`],
    ...without.length === 0 ? [] : [`left out: ${without.join(", ")}`],
  ];
}

/** Draws a bar for what is hashed, now and then. */
export function progressDrawer(
  console: Console,
): (progress: CreateTorrentProgress) => void {
  const startMs = performance.now();
  let drawnMs = -Infinity;
  return ({ hashedLength, length }) => {
    const nowMs = performance.now();
    if (nowMs - drawnMs < REDRAW_INTERVAL_MS) return;
    drawnMs = nowMs;
    const elapsedMs = nowMs - startMs;
    const progress = { doneBytes: hashedLength, totalBytes: length, elapsedMs };
    console.show([renderProgress(progress, console.room.columns)]);
  };
}

/** The lines about a new torrent file: what it contains, and what to do next. */
function summarize(torrent: Torrent, job: CreateJob, output: string): string[] {
  const { pieceCount, pieceLength } = torrent.geometry;
  const { fileCount, fileLength } = sizeOfFiles(torrent.files);
  const files = torrent.isFolder ? `, ${plural(fileCount, "file")}` : "";
  const peer = invocationOf("peer");
  const content = resolve(job.path);
  const folder = dirname(content);
  const dir = folder === resolve(".") ? "" : ` --dir ${quoted(folder)}`;
  const rename = torrent.name === basename(content)
    ? ""
    : `rename ${quoted(content)} to ${quoted(torrent.name)}, then `;
  const copy = quoted(basename(output));
  const magnet = magnetLinkOf(torrent);
  const lines = [
    `Name:      ${torrent.name}`,
    `Size:      ${formatSize(fileLength)} (${fileLength} bytes${files})`,
    `Pieces:    ${pieceCount} of ${formatSize(pieceLength)}`,
    `Info hash: ${torrent.infoHash}`,
    ...(magnet === undefined ? [] : [`Magnet:    ${magnet}`]),
    `Written:   ${output}`,
    `Next:      ${rename}${peer} ${quoted(output)}${dir}`,
    `Elsewhere: copy ${copy} there, then: ${peer} ${copy}`,
  ];
  const tracker = job.announce.find((url) => /^https?:/i.test(url));
  if (tracker === undefined) return lines;
  const path = torrentPath(basename(output).toWellFormed());
  return [
    ...lines,
    `           or, with ${copy} in the folder of tracker --torrents:`,
    `           ${peer} ${new URL(`.${path}`, tracker)}`,
  ];
}

/**
 * One warning for each platform on which peers would refuse a torrent of these
 * paths; each path begins with the torrent's name.
 */
export function findNameWarnings(
  paths: readonly (readonly string[])[],
): string[] {
  return (["windows", "darwin"] as const).flatMap((platform) => {
    const [first, ...others] = findPortabilityFaults(paths, platform);
    if (first === undefined) return [];
    const count = others.length === 0 ? "" : ` (and ${others.length} more)`;
    const name = PLATFORM_NAMES[platform];
    return [
      `${name} cannot download this torrent: ${first.reason}${count}; to share with such machines, choose other names`,
    ];
  });
}

/** True if `a` and `b` are one file; false if one of them does not exist. */
export async function isSameFile(
  a: string,
  b: string,
  platform: Platform = platformOf(Deno.build.os),
): Promise<boolean> {
  if (resolve(a) === resolve(b)) return true;
  try {
    // Inode numbers of Windows are too large. A real path has the disk's spelling.
    if (platform === "windows") {
      return await Deno.realPath(a) === await Deno.realPath(b);
    }
    const [first, second] = await Promise.all([Deno.stat(a), Deno.stat(b)]);
    return first.ino === second.ino && first.dev === second.dev;
  } catch {
    // Reading or writing the file reports the reason.
    return false;
  }
}
