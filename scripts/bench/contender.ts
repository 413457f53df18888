/**
 * The programs that a benchmark compares, all driven alike.
 *
 * @module
 */
import { aria2 } from "../clients/aria2.ts";
import { type Client, waitUntilComplete } from "../clients/client.ts";
import { libtorrent } from "../clients/libtorrent.ts";
import type { Host } from "../lan/host.ts";
import {
  startPeer,
  TORRENT_NAME,
  waitUntilCompleted,
} from "../lan/sharing_steps.ts";

/** A program that seeds and downloads. */
export interface Contender {
  readonly name: string;
  /** Starts seeding the torrent in the host's folder; the tracker hears of it later. */
  seed(host: Host): Promise<void>;
  /** Starts a download, and resolves when all of it is verified and stored. */
  download(host: Host): Promise<void>;
}

const lanswarm: Contender = {
  name: "lanswarm",
  seed(host: Host): Promise<void> {
    startPeer(host);
    return Promise.resolve();
  },
  async download(host: Host): Promise<void> {
    await waitUntilCompleted(startPeer(host));
  },
};

/** Ours, and those of the others that are installed. */
export const CONTENDERS: readonly Contender[] = [
  lanswarm,
  ...[aria2, libtorrent]
    .filter((client) => client.missing === undefined)
    .map(fromClient),
];

function fromClient(client: Client): Contender {
  return {
    name: client.name,
    async seed(host: Host): Promise<void> {
      await client.start(host, TORRENT_NAME);
    },
    async download(host: Host): Promise<void> {
      await waitUntilComplete(host, await client.start(host, TORRENT_NAME));
    },
  };
}
