/**
 * `show`: what a torrent file says.
 *
 * @module
 */
import { writeLine } from "./console.ts";
import { describeTorrent, toJson } from "./describe_torrent.ts";
import { parseCommandLine } from "./flags.ts";
import { isTorrentUrl, loadTorrent } from "./load_torrent.ts";
import { giveUp } from "./permissions.ts";
import { printable, printableJson } from "./printable.ts";
import { runProgram } from "./program.ts";
import { EXIT_CODES, UsageError } from "./program_error.ts";

const HELP = `
Shows what a torrent file says.

Usage: show TORRENT

  TORRENT  a torrent file, or its URL: http://HOST:8000/torrents/NAME.torrent

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
  const [source, ...rest] = positionals;
  if (source === undefined || rest.length > 0) {
    throw new UsageError("show takes one torrent file");
  }
  // Of the file and the network one is of no use; the rest `peer show` has.
  await giveUp(isTorrentUrl(source) ? "read" : "net", "write", "run");
  const torrent = await loadTorrent(source);
  if (flags.json) {
    writeLine(printableJson(toJson(torrent)));
  } else {
    for (const line of describeTorrent(torrent)) writeLine(printable(line));
  }
  return EXIT_CODES.done;
}

if (import.meta.main) Deno.exit(await runProgram(main));
