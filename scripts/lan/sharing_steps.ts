/**
 * Steps of sharing a file across a LAN: start a peer on each machine, and wait until
 * the tracker counts it.
 */
import type { RunningProgram } from "../programs/running_program.ts";
import { scriptArguments } from "../programs/tasks.ts";
import type { Host } from "./host.ts";

/** Name of the torrent file on every host. */
export const TORRENT_NAME = "sample.torrent";

/** A tracker's counts of peers of one torrent. */
export interface SwarmCounts {
  readonly complete: number;
  readonly incomplete: number;
}

export interface SharedTorrent {
  readonly host: Host;
  readonly infoHash: string;
  readonly announceUrl: string;
}

/**
 * Starts our peer on a host that has the torrent file. It finds others by trackers
 * alone, so that those are tested.
 */
export function startPeer(
  host: Host,
  args: readonly string[] = [],
): RunningProgram {
  return startDiscoveringPeer(host, ["--no-discovery", ...args]);
}

/** Starts our peer, which finds others on the local network too. */
export function startDiscoveringPeer(
  host: Host,
  args: readonly string[] = [],
): RunningProgram {
  return host.spawnTask("peer", [TORRENT_NAME, "--json", ...args]);
}

/** Waits until the tracker reports these counts. */
export async function waitForCounts(
  from: Host,
  torrent: SharedTorrent,
  expected: SwarmCounts,
  { timeoutMs = 60_000 }: {
    /** Longest wait; less than the 180 s after which the tracker drops a silent peer. @default {60_000} */
    readonly timeoutMs?: number;
  } = {},
): Promise<void> {
  const { complete, incomplete } = expected;
  // One process for all questions: to start one costs more than what it waits for.
  await using watcher = from.spawn(Deno.execPath(), [
    ...scriptArguments("scripts/lan/watch_counts.ts", ["--no-check", "-N"]),
    ...[torrent.announceUrl, torrent.infoHash],
  ]);
  const line = new RegExp(`^complete ${complete}, incomplete ${incomplete}$`);
  try {
    await watcher.stdout.waitFor(line, timeoutMs);
  } catch (error) {
    throw new Error(watcher.stderr.text, { cause: error });
  }
}
