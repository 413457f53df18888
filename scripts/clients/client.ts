/**
 * Drives stock BitTorrent clients in tests, each in the folder of a host. Sources of
 * peers other than the tracker (DHT, local discovery) are switched off, so that the
 * tracker and the peer protocol are tested.
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";

export interface Client {
  readonly name: string;
  readonly missing: string | undefined;
  /**
   * Starts the client with a torrent file in the host's folder or a magnet link. It
   * seeds existing content, downloads the rest and runs until it is stopped.
   */
  start(host: Host, torrent: string): Promise<RunningProgram>;
}

/** The file that the script of {@linkcode writeMarkerScript} creates on completion. */
const MARKER = ".complete";

/** Writes a script for a client to run on completion. @returns Its path. */
export async function writeMarkerScript(host: Host): Promise<string> {
  const path = host.path(".when-complete");
  await Deno.writeTextFile(path, `#!/bin/sh\n: > '${host.path(MARKER)}'\n`, {
    mode: 0o755,
  });
  return path;
}

/** Path of the marker, for a client that creates it itself. */
export function markerPath(host: Host): string {
  return host.path(MARKER);
}

/**
 * Waits until a client reports completion.
 * @throws {Error} If it ends or the time is over first, with its output.
 */
export async function waitUntilComplete(
  host: Host,
  client: RunningProgram,
  { timeoutMs = 180_000 }: {
    /** Longest wait. @default {180_000} */
    readonly timeoutMs?: number;
  } = {},
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

/** The reason why a program cannot be run; undefined if it is in the PATH. */
export async function missingProgram(
  program: string,
): Promise<string | undefined> {
  return await findProgram(program) === undefined
    ? `${program} is not installed`
    : undefined;
}

export async function findProgram(
  program: string,
): Promise<string | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = join(folder, program);
    if (await exists(path)) return path;
  }
  return undefined;
}

/** True if a path exists and can be reached. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // Programs in an inaccessible folder cannot be run.
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}
