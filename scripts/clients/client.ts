/**
 * Stock BitTorrent clients as a test drives them: each on a host of a LAN, in
 * the host's folder, with everything but the tracker switched off (no DHT, no
 * local discovery), so that what is tested is the tracker and the peer protocol.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";

/** Options of {@linkcode waitUntilComplete}. */
export interface WaitOptions {
  /** In milliseconds. @default {90_000} */
  readonly timeoutMs?: number;
}

/** A stock client. */
export interface Client {
  readonly name: string;
  /** Why it cannot be used here, or undefined if it can. */
  readonly missing: string | undefined;
  /**
   * Starts it on a host with a torrent file in the host's folder. What of the
   * content is there is seeded, the rest is fetched. It runs until stopped.
   */
  start(host: Host, torrentName: string): Promise<RunningProgram>;
}

/** Where {@linkcode writeMarkerScript}'s script says that the torrent is complete. */
const MARKER = ".complete";

/** Writes a script that a client runs when it has it all. @returns Its path. */
export async function writeMarkerScript(host: Host): Promise<string> {
  const path = host.path(".when-complete");
  await Deno.writeTextFile(path, `#!/bin/sh\n: > '${host.path(MARKER)}'\n`, {
    mode: 0o755,
  });
  return path;
}

/** The marker's path, for a client that makes it by itself. */
export function markerPath(host: Host): string {
  return host.path(MARKER);
}

/**
 * Waits until a client says that it has it all.
 * @throws {Error} If it ends or the time is over first, with what it wrote.
 */
export async function waitUntilComplete(
  host: Host,
  client: RunningProgram,
  { timeoutMs = 90_000 }: WaitOptions = {},
): Promise<void> {
  let hasEnded = false;
  client.result.then(() => hasEnded = true);
  const endTime = Date.now() + timeoutMs;
  while (!await exists(markerPath(host))) {
    if (hasEnded || Date.now() > endTime) {
      throw new Error(
        `Cannot download on ${host.name}: the client ` +
          `${hasEnded ? "ended" : "is not done in time"}:\n` +
          client.stdout.text + client.stderr.text,
      );
    }
    await delay(10);
  }
}

/** Why a program cannot be run here, or undefined if it is in the PATH. */
export async function missingProgram(
  program: string,
): Promise<string | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    if (await exists(join(folder, program))) return undefined;
  }
  return `${program} is not installed`;
}

/** Whether there is anything at a path that can be reached. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // A folder that may not be entered holds nothing that could be run.
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}
