/**
 * The public face of the library. Importing it asks for no permission; run as a
 * program it asks a tracker and prints the answer, with the network alone:
 *
 * ```sh
 * deno run -N lib/mod.ts scrape http://192.168.1.100:8000/announce
 * ```
 *
 * @module
 */
import { runTrackerCommand } from "./tracker_command.ts";

export * from "./peers.ts";
export * from "./shares.ts";
export * from "./sources.ts";
export * from "./torrents.ts";
export * from "./trackers.ts";

// Without a top-level await, which would make every importer wait.
if (import.meta.main) runTrackerCommand(Deno.args).then(Deno.exit);
