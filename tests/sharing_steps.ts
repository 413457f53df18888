/**
 * The steps of sharing a file across a LAN, as users take them: start the tracker on
 * one machine, create the torrent on another, copy the torrent file to all, start a
 * peer on each, compare the copies.
 */
import { assertEquals } from "@std/assert";
import type { Host } from "../scripts/lan/host.ts";
import {
  type SharedTorrent,
  TORRENT_NAME,
} from "../scripts/lan/sharing_steps.ts";
import type { RunningProgram } from "../scripts/programs/running_program.ts";
import { sha256Of, writeRandomFile } from "../scripts/programs/sample_file.ts";

const TRACKER_PORT = 8000;

/** The announce URL of our tracker on a host. */
export function announceUrl(host: Host): string {
  return `http://${host.address}:${TRACKER_PORT}/announce`;
}

/** The announce URL of our tracker on a host that was started with `--udp`. */
export function udpAnnounceUrl(host: Host): string {
  return `udp://${host.address}:${TRACKER_PORT}/announce`;
}

/** Starts our tracker on a host and waits until it serves. */
export async function startTracker(
  host: Host,
  args: readonly string[] = [],
): Promise<RunningProgram> {
  const tracker = host.spawnTask("tracker", [`${TRACKER_PORT}`, ...args]);
  await tracker.stdout.waitFor(/announce/);
  return tracker;
}

/** Creates a torrent of a file or folder in the host's folder. */
export async function createTorrent(
  host: Host,
  name: string,
  announceUrl: string,
  flags: readonly string[] = [],
): Promise<SharedTorrent> {
  const args = [name, announceUrl, TORRENT_NAME, ...flags];
  const made = await host.runTask("create", args);
  assertEquals(made.code, 0, made.stderr);
  const infoHash = /[0-9a-f]{40}/.exec(made.stdout)![0];
  return { host, infoHash, announceUrl };
}

/** Copies only the torrent file to another host. */
export async function carryTorrent(
  torrent: SharedTorrent,
  to: Host,
): Promise<void> {
  await Deno.copyFile(torrent.host.path(TORRENT_NAME), to.path(TORRENT_NAME));
}

/** Waits until a peer reports that it completed. */
export async function waitUntilCompleted(peer: RunningProgram): Promise<void> {
  await peer.stdout.waitFor(/"type":"completed"/, 180_000);
}

export async function stopPeer(peer: RunningProgram): Promise<void> {
  const { code, stderr } = await peer.stop("SIGTERM");
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
}

export const SAMPLE = "sample.bin";
/** An announce URL of a host that does not exist. */
export const NO_TRACKER = "http://10.77.0.77:8000/announce";

export interface SampleOptions {
  /** @default {NO_TRACKER} */
  readonly announce?: string;
  /** Of the file, in bytes. @default {300_000} */
  readonly length?: number;
  /** Further flags of `create`. @default {[]} */
  readonly flags?: readonly string[];
}

/** Writes a fresh sample on a host and creates its torrent. */
export async function shareSample(
  seeder: Host,
  options: SampleOptions = {},
): Promise<SharedTorrent> {
  const { announce = NO_TRACKER, length = 300_000, flags = [] } = options;
  await writeRandomFile(seeder.path(SAMPLE), length);
  return await createTorrent(seeder, SAMPLE, announce, flags);
}

/** Asserts that two hosts hold the same file. @param name Its path in their folders. */
export async function assertCopied(
  from: Host,
  to: Host,
  name = SAMPLE,
): Promise<void> {
  const copy = await sha256Of(to.path(name));
  assertEquals(copy, await sha256Of(from.path(name)), to.name);
}
