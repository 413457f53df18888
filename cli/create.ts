/**
 * `create`: makes a torrent file of a file or a folder.
 *
 * @module
 */
import { basename, dirname, resolve } from "@std/path";
import {
  checkAbsent,
  createTorrent,
  openWorkerHasher,
  platformOf,
  saveTorrentFile,
  type Torrent,
  torrentPath,
} from "../mod.ts";
import {
  eraseLiveLines,
  isTerminal,
  terminalColumns,
  writeErrorLine,
  writeLine,
  writeLiveLines,
} from "./console.ts";
import {
  type CreateArguments,
  findAnnounceFaults,
  parseCreateArguments,
} from "./create_arguments.ts";
import { Interrupt } from "./interrupt.ts";
import { invocationOf } from "./invocation.ts";
import { findNameWarnings } from "./name_warnings.ts";
import { giveUp } from "./permissions.ts";
import { printable } from "./printable.ts";
import { runProgram } from "./program.ts";
import { EXIT_CODES, UsageError } from "./program_error.ts";
import { renderProgress } from "./progress_bar.ts";
import { formatSize } from "./quantity.ts";
import { quoted } from "./quoted.ts";
import { isSameFile } from "./same_file.ts";

/** How often the progress is drawn, in milliseconds. */
const REDRAW_INTERVAL_MS = 100;

/** Runs `create` with its arguments; the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const request = parseCreateArguments(args);
  // Which `peer create` has.
  await giveUp("net", "run");
  const name = request.name ?? basename(resolve(request.path));
  const output = request.output ?? `${name}.torrent`;
  if (await isSameFile(output, request.path, platformOf(Deno.build.os))) {
    throw new UsageError("OUTPUT is the file to share");
  }
  warn(findAnnounceFaults(request.announce));
  // Before the hashing, which may take minutes; saving looks again.
  if (!request.force) await checkAbsent(output);

  using interrupt = Interrupt.listen("create the torrent");
  using hasher = await openWorkerHasher();
  const { bytes, torrent } = await createTorrent(request.path, {
    announce: request.announce,
    pieceLength: request.pieceLength,
    isPrivate: request.isPrivate,
    comment: request.comment,
    name,
    creationDate: Math.floor(Date.now() / 1000),
    exclude: output,
    signal: interrupt.signal,
    hasher,
    onPaths: (paths) => warn(findNameWarnings(paths)),
    onProgress: isTerminal("stderr") ? progressDrawer() : undefined,
  }).finally(eraseLiveLines);
  interrupt.signal.throwIfAborted();
  await saveTorrentFile(output, bytes, { overwrite: request.force });
  for (const line of summarize(torrent, request, output)) {
    writeLine(printable(line));
  }
  return EXIT_CODES.done;
}

function warn(faults: readonly string[]): void {
  for (const fault of faults) writeErrorLine(printable(`warning: ${fault}`));
}

/** Draws at the first call and then at most every {@linkcode REDRAW_INTERVAL_MS}. */
function progressDrawer(): (
  progress: { hashedLength: number; length: number },
) => void {
  const startMs = performance.now();
  let drawnMs = -Infinity;
  return ({ hashedLength, length }) => {
    const nowMs = performance.now();
    if (nowMs - drawnMs < REDRAW_INTERVAL_MS) return;
    drawnMs = nowMs;
    const progress = {
      doneBytes: hashedLength,
      totalBytes: length,
      elapsedMs: nowMs - startMs,
    };
    writeLiveLines([renderProgress(progress, terminalColumns())]);
  };
}

function summarize(
  torrent: Torrent,
  request: CreateArguments,
  output: string,
): string[] {
  const { length, pieceCount, pieceLength } = torrent.geometry;
  const fileCount = torrent.isFolder ? `, ${torrent.files.length} files` : "";
  return [
    `Name:      ${torrent.name}`,
    `Size:      ${formatSize(length)} (${length} bytes${fileCount})`,
    `Pieces:    ${pieceCount} of ${formatSize(pieceLength)}`,
    `Info hash: ${torrent.infoHash}`,
    `Written:   ${output}`,
    `Next:      ${nextStep(torrent, request, output)}`,
    ...elsewhere(request, output),
  ];
}

/** How others get the torrent file if the tracker is one that offers it. */
function elsewhere({ announce }: CreateArguments, output: string): string[] {
  const tracker = announce.find((url) => /^https?:/i.test(url));
  if (tracker === undefined) return [];
  const url = new URL(
    `.${torrentPath(basename(output).toWellFormed())}`,
    tracker,
  );
  return [
    `Elsewhere: the same with a copy of it, or, once it is in the folder of tracker --torrents: ${
      invocationOf("peer")
    } ${url}`,
  ];
}

/** How the content is shared from where it lies now. */
function nextStep(
  torrent: Torrent,
  request: CreateArguments,
  output: string,
): string {
  const word = (text: string): string =>
    quoted(text, platformOf(Deno.build.os));
  const content = resolve(request.path);
  const folder = dirname(content);
  const peer = `${invocationOf("peer")} ${word(output)}`;
  const command = folder === resolve(".")
    ? peer
    : `${peer} --dir ${word(folder)}`;
  return torrent.name === basename(content)
    ? command
    : `rename ${word(content)} to ${word(torrent.name)}, then ${command}`;
}

if (import.meta.main) Deno.exit(await runProgram(main));
