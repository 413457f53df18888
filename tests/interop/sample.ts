/**
 * A sample file that stock clients and our peers share on a LAN.
 */
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
  assertCopied,
  carryTorrent,
  shareSample as shareFrom,
  waitUntilCompleted,
} from "../sharing_steps.ts";

export const CLIENTS: readonly Client[] = [aria2, transmission, libtorrent];
/** No multiple of a piece or a block. */
const LENGTH = 12 * 1024 * 1024 + 4321;

/** A torrent of a fresh file on the host called `seeder`. */
export async function shareSample<Name extends string>(
  lan: Lan<Name | "seeder">,
  announce: string,
): Promise<SharedTorrent> {
  return await shareFrom(lan.host("seeder"), { announce, length: LENGTH });
}

/** Fetches with a stock client, and compares the copy. */
export async function fetchWithClient(
  client: Client,
  host: Host,
  torrent: SharedTorrent,
): Promise<void> {
  await carryTorrent(torrent, host);
  const program = await client.start(host, TORRENT_NAME);
  await waitUntilComplete(host, program);
  await assertCopied(torrent.host, host);
}

/** Fetches with our peer, which goes on seeding, and compares the copy. */
export async function fetchWithPeer(
  host: Host,
  torrent: SharedTorrent,
): Promise<void> {
  await carryTorrent(torrent, host);
  await waitUntilCompleted(startPeer(host));
  await assertCopied(torrent.host, host);
}
