/**
 * `peer`: fetches and shares torrents. As `peer create` and `peer show` it is
 * those programs too, so that one executable does everything that a machine on
 * the LAN needs beside the tracker.
 *
 * @module
 */
import { main as create } from "./create.ts";
import { parsePeerArguments } from "./peer_arguments.ts";
import { runProgram } from "./program.ts";
import { shareTorrents } from "./peer_run.ts";
import { main as show } from "./show.ts";

/** Runs `peer` with its arguments; the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case "create":
      return await create(rest);
    case "show":
      return await show(rest);
    default:
      return await shareTorrents(parsePeerArguments(args));
  }
}

if (import.meta.main) Deno.exit(await runProgram(main));
