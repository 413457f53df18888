/**
 * A sample file that stock clients and our peers share on a LAN.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  type Client,
  waitUntilComplete,
} from "../../scripts/clients/client.ts";
import {
  aria2,
  libtorrent,
  transmission,
} from "../../scripts/clients/stock_clients.ts";
import type { Host } from "../../scripts/lan/host.ts";
import type { Lan } from "../../scripts/lan/lan.ts";
import {
  type SharedTorrent,
  startPeer,
  TORRENT_NAME,
} from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import {
  carryTorrent,
  createTorrent,
  waitUntilCompleted,
} from "../sharing_steps.ts";

/** The stock clients. */
export const CLIENTS: readonly Client[] = [aria2, transmission, libtorrent];
const NAME = "sample.bin";
/** No multiple of a piece or a block. */
const LENGTH = 12 * 1024 * 1024 + 4321;

/** A torrent of a fresh file on the host called `seeder`, and the file's SHA-256. */
export async function shareSample<Name extends string>(
  lan: Lan<Name | "seeder">,
  announce: string,
): Promise<SharedTorrent & { readonly sha256: string }> {
  const seeder = lan.host("seeder");
  await writeRandomFile(seeder.path(NAME), LENGTH);
  const torrent = await createTorrent(seeder, NAME, announce);
  return { ...torrent, sha256: await sha256Of(seeder.path(NAME)) };
}

/** Fetches with a stock client, and compares the copy. */
export async function fetchWithClient(
  client: Client,
  host: Host,
  torrent: SharedTorrent & { readonly sha256: string },
): Promise<void> {
  await carryTorrent(torrent, host);
  const program = await client.start(host, TORRENT_NAME);
  await waitUntilComplete(host, program);
  assertEquals(await sha256Of(host.path(NAME)), torrent.sha256, client.name);
}

/** Fetches with our peer, which goes on seeding, and compares the copy. */
export async function fetchWithPeer(
  host: Host,
  torrent: SharedTorrent & { readonly sha256: string },
): Promise<void> {
  await carryTorrent(torrent, host);
  await waitUntilCompleted(startPeer(host));
  assertEquals(await sha256Of(host.path(NAME)), torrent.sha256, host.name);
}
