/**
 * The program `verify`: checks a copy against its torrent, and says which files are
 * right, wrong, missing and extra.
 */
import { join } from "@std/path";
import {
  checkContent,
  type CheckedContent,
  type CheckedFile,
  removeExtraFiles,
} from "../lib/sources.ts";
import {
  isRegularFile,
  openWorkerHasher,
  type Torrent,
} from "../lib/torrents.ts";
import { invocationOf } from "./command_words.ts";
import { progressDrawer } from "./create.ts";
import { flag, type FlagValues, parseCommandLine } from "./flags.ts";
import {
  isTorrentUrl,
  loadTorrent,
  readTorrentSource,
} from "./load_torrent.ts";
import { printable, printableJson } from "./printable.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import { EXIT_CODES, type ExitCode, ProgramError } from "./program_error.ts";
import { plural } from "./quantity.ts";

export const verify: Program = programOf(parseVerifyJob, runVerify);

const HELP = `
Hashes a copy and says which files are right, wrong, missing and extra.

Usage: ${invocationOf("verify")} TORRENT FOLDER

  TORRENT    a torrent file, or its URL: http://HOST:8000/torrents/NAME.torrent
  FOLDER     the folder that holds the copy, or the copy itself

Options:

Nothing is written, and only extra files are deleted, if asked for. A file is
unproven if all that is wrong with it may be the fault of its neighbour: a piece
that has parts of both cannot be verified. What systems leave in folders
(.DS_Store, Thumbs.db, lost+found) and empty folders are not extra. Exit code 0
if everything is right and nothing is extra, else 1.
`;

export const FLAGS = {
  deleteExtra: flag(
    "--delete-extra  delete the extra files, after they are listed; never if no file of the torrent, other than an empty one, is right there",
  ),
  json: flag(
    '--json  print one JSON object: {type, name, infoHash, dir, isRight, files: [{path: [..], state, reason}], extra: [[..]]};\nand one more, {type: "deleted", extra}, with --delete-extra',
  ),
} as const;

export interface VerifyJob extends FlagValues<typeof FLAGS> {
  /** The path or the URL of a torrent file. */
  readonly source: string;
  readonly folder: string;
}

export function parseVerifyJob(args: readonly string[]): VerifyJob {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
    takes: { name: "TORRENT FOLDER", min: 2, max: 2 },
  });
  const [source, folder] = positionals;
  return { ...flags, source: readTorrentSource(source!), folder: folder! };
}

export async function runVerify(
  { source, folder, json, deleteExtra }: VerifyJob,
  { console, permissions, signal }: JobContext,
): Promise<ExitCode> {
  const local = deleteExtra ? ["read", "write"] as const : ["read"] as const;
  const isUrl = isTorrentUrl(source);
  await permissions.keepOnly(...local, ...isUrl ? ["net"] as const : []);
  const torrent = await loadTorrent(source, { signal });
  if (isUrl) await permissions.keepOnly(...local);
  using hasher = openWorkerHasher();
  const checked = await checkContent(torrent, folder, {
    ...{ signal, hasher },
    onProgress: console.isLive ? progressDrawer(console) : undefined,
  });
  console.show([]);
  const hint = await explainMissing(torrent, checked);
  if (hint !== undefined) console.warn(hint);
  const lines = json
    ? [printableJson(toJson(torrent, checked))]
    : describeCheck(torrent, checked).map(printable);
  console.writeResult(lines.join("\n"));
  const { dir, extra, files } = checked;
  const isRight = files.every(({ state }) => state.type === "right");
  if (deleteExtra && extra.length > 0) {
    // An empty file is the same in every folder.
    const isEmpty = files.every(({ file }) => file.length === 0);
    const isPlace = files.some(({ file, state }) =>
      isRegularFile(file) && state.type === "right" &&
      (file.length > 0 || isEmpty)
    );
    if (!isPlace) {
      throw new ProgramError(
        "cannot delete extra files: no file of the torrent is right there, or only an empty one; check FOLDER",
      );
    }
    await removeExtraFiles(torrent, dir, extra);
    const done = { type: "deleted", extra: extra.map((path) => path.slice(1)) };
    console.writeResult(
      json ? printableJson(done) : `Deleted ${plural(extra.length, "file")}`,
    );
  }
  const isClean = extra.length === 0 || deleteExtra;
  return isRight && isClean ? EXIT_CODES.done : EXIT_CODES.failed;
}

/** The likely reason if nothing of a torrent is there. */
async function explainMissing(
  { name, infoHash }: Torrent,
  { dir, files }: CheckedContent,
): Promise<string | undefined> {
  const isGone = files.every(({ state }) => state.type === "missing");
  if (!isGone) return undefined;
  const parts = join(dir, ".lanswarm", "parts", infoHash);
  const isBegun = await Deno.stat(parts).then(() => true, () => false);
  return isBegun
    ? `${dir} holds a download of it that is not complete; peer continues it`
    : `${dir} holds no ${name}; name the folder that holds it, or give the copy that name`;
}

/** The outcome as `verify --json` prints it; paths are those of the torrent file. */
export function toJson(
  { name, infoHash, isFolder }: Torrent,
  { dir, files, extra }: CheckedContent,
): Readonly<Record<string, unknown>> {
  const own = (path: readonly string[]): readonly string[] =>
    isFolder ? path.slice(1) : path;
  return {
    ...{ type: "verified", name, infoHash, dir },
    isRight: extra.length === 0 &&
      files.every(({ state }) => state.type === "right"),
    files: files.map(({ file: { path }, state: { type, ...reason } }) => (
      { path: own(path), state: type, ...reason }
    )),
    extra: extra.map(own),
  };
}

/** The lines that `verify` prints; not yet safe for a terminal. */
export function describeCheck(
  { name, isFolder }: Torrent,
  { dir, files, extra }: CheckedContent,
): string[] {
  const count = (type: CheckedFile["state"]["type"]): number =>
    files.filter(({ state }) => state.type === type).length;
  const faults = files.filter(({ state }) => state.type !== "right").map(
    ({ file, state }) =>
      `${`${state.type}:`.padEnd(10)}${file.path.join("/")}${
        "reason" in state ? ` (${state.reason})` : ""
      }`,
  );
  const others = [
    ...(["wrong", "missing", "unproven"] as const)
      .map((type) => ({ type, count: count(type) })),
    { type: "extra", count: extra.length },
  ].filter(({ count }) => count > 0);
  const summary = [
    `${count("right")} of ${plural(files.length, "file")} right`,
    ...others.map(({ type, count }) => `${count} ${type}`),
  ];
  const place = isFolder ? join(dir, name) : dir;
  return [
    ...faults,
    ...extra.map((path) => `extra:    ${path.join("/")}`),
    `${place}: ${summary.join(", ")}`,
  ];
}
