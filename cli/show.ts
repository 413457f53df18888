/**
 * `show`: what a torrent file says.
 *
 * @module
 */
import { loadTorrentFile } from "../mod.ts";
import { writeLine } from "./console.ts";
import { describeTorrent, toJson } from "./describe_torrent.ts";
import { parseCommandLine } from "./flags.ts";
import { printable, printableJson } from "./printable.ts";
import { runProgram } from "./program.ts";
import { EXIT_CODES, UsageError } from "./program_error.ts";

const HELP = `
Shows what a torrent file says.

Usage: show TORRENT

Options:
  --json  one JSON object: {name, infoHash, length, pieceLength, pieceCount,
          private, announce: [[url]], files: [{path: [..], length}]}
  --help, --version, --debug
`;

/** Runs `show` with its arguments; the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { flags, positionals } = parseCommandLine(args, {
    flags: { json: { type: "boolean" } },
    help: HELP,
  });
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) {
    throw new UsageError("show takes one torrent file");
  }
  const torrent = await loadTorrentFile(path);
  if (flags.json) {
    writeLine(printableJson(toJson(torrent)));
  } else {
    for (const line of describeTorrent(torrent)) writeLine(printable(line));
  }
  return EXIT_CODES.done;
}

if (import.meta.main) Deno.exit(await runProgram(main));
