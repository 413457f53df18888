/**
 * A program `peer` with a low limit of open files, and more torrents than that.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  type RunningProgram,
  startProgram,
} from "../../scripts/programs/running_program.ts";
import { taskArguments } from "../../scripts/programs/tasks.ts";
import {
  assertCopied,
  type LocalSwarm,
  type PublishedTorrent,
  runPeer,
} from "./local_swarm.ts";

/** Starts `peer` with at most `handleCount` file descriptors. */
export function spawnLimitedPeer(
  handleCount: number,
  ...args: string[]
): RunningProgram {
  return startProgram("peer", [
    ...["sh", "-c", `ulimit -n ${handleCount}; exec "$@"`, "sh"],
    ...[Deno.execPath(), ...taskArguments("peer")],
    ...["--host=127.0.0.1", "--port=0", ...args],
  ]);
}

/** Publishes or seeds torrents of one small file each. */
export async function smallTorrents(
  count: number,
  add: LocalSwarm["publish"],
): Promise<PublishedTorrent[]> {
  const torrents: PublishedTorrent[] = [];
  for (let index = 0; index < count; index++) {
    torrents.push(await add(`${index}.bin`, { files: { "": 20_000 + index } }));
  }
  return torrents;
}

/** Downloads the first and the last of the torrents to `dir`. */
export async function assertEndsAreServed(
  torrents: readonly PublishedTorrent[],
  dir: string,
): Promise<void> {
  const ends = [torrents[0]!, torrents.at(-1)!];
  const { code, stderr } = await runPeer(
    ...["--dir", dir, "--exit-when-complete"],
    ...ends.map(({ path }) => path),
  );
  assertEquals([code, stderr], [0, ""]);
  for (const end of ends) await assertCopied(end, dir);
}
