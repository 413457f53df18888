import { assertEquals } from "@std/assert";
import { createLan, type Lan } from "../../scripts/lan/lan.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import {
  announceUrl,
  carryTorrent,
  createTorrent,
  type SharedTorrent,
  startPeer,
  startTracker,
  TORRENT_NAME,
  waitForCounts,
  waitUntilCompleted,
} from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { aria2 } from "../../scripts/clients/aria2.ts";
import {
  type Client,
  waitUntilComplete,
} from "../../scripts/clients/client.ts";
import { libtorrent } from "../../scripts/clients/libtorrent.ts";
import {
  opentrackerMissing,
  startOpentracker,
} from "../../scripts/clients/opentracker.ts";
import { transmission } from "../../scripts/clients/transmission.ts";

const CLIENTS: readonly Client[] = [aria2, transmission, libtorrent];
const NAME = "sample.bin";
/** No multiple of a piece or a block. */
const LENGTH = 12 * 1024 * 1024 + 4321;

/** A torrent of a fresh file on the host called `seeder`, and the file's SHA-256. */
async function shareSample<Name extends string>(
  lan: Lan<Name | "seeder">,
  announce: string,
): Promise<SharedTorrent & { readonly sha256: string }> {
  const seeder = lan.host("seeder");
  await writeRandomFile(seeder.path(NAME), LENGTH);
  const torrent = await createTorrent(seeder, NAME, announce);
  return { ...torrent, sha256: await sha256Of(seeder.path(NAME)) };
}

/** Fetches with a stock client, and compares the copy. */
async function fetchWithClient(
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
async function fetchWithPeer(
  host: Host,
  torrent: SharedTorrent & { readonly sha256: string },
): Promise<void> {
  await carryTorrent(torrent, host);
  await waitUntilCompleted(startPeer(host));
  assertEquals(await sha256Of(host.path(NAME)), torrent.sha256, host.name);
}

for (const client of CLIENTS) {
  const { name, missing } = client;

  lanTest(`${name} downloads from our peer`, async () => {
    await using lan = await createLan(["tracker", "seeder", "leecher"]);
    await startTracker(lan.host("tracker"));
    const torrent = await shareSample(lan, announceUrl(lan.host("tracker")));
    startPeer(lan.host("seeder"));
    await fetchWithClient(client, lan.host("leecher"), torrent);
  }, { missing });

  lanTest(`our peer downloads from ${name}`, async () => {
    await using lan = await createLan(["tracker", "seeder", "leecher"]);
    const [tracker, seeder] = [lan.host("tracker"), lan.host("seeder")];
    await startTracker(tracker);
    const torrent = await shareSample(lan, announceUrl(tracker));
    await client.start(seeder, TORRENT_NAME);
    // Transmission says that it has everything some seconds after it starts.
    await waitForCounts(tracker, torrent, { complete: 1, incomplete: 0 });
    await fetchWithPeer(lan.host("leecher"), torrent);
  }, { missing });
}

lanTest(
  "all clients and our peers make one swarm with our tracker",
  async () => {
    await using lan = await createLan([
      ...["tracker", "seeder", "ours1", "ours2"] as const,
      ...["aria2", "transmission", "libtorrent"] as const,
    ]);
    const tracker = lan.host("tracker");
    await startTracker(tracker);
    const torrent = await shareSample(lan, announceUrl(tracker));
    // A seeder that cannot serve all at once: they have to serve each other.
    startPeer(lan.host("seeder"), ["--max-upload", `${4 * 1024 * 1024}`]);
    await Promise.all([
      fetchWithPeer(lan.host("ours1"), torrent),
      fetchWithPeer(lan.host("ours2"), torrent),
      fetchWithClient(aria2, lan.host("aria2"), torrent),
      fetchWithClient(transmission, lan.host("transmission"), torrent),
      fetchWithClient(libtorrent, lan.host("libtorrent"), torrent),
    ]);
    await waitForCounts(tracker, torrent, { complete: 6, incomplete: 0 });
  },
  {
    missing: CLIENTS.find((client) => client.missing !== undefined)?.missing,
  },
);

lanTest("our peers share in a swarm that opentracker runs", async () => {
  await using lan = await createLan(["tracker", "seeder", "l1", "l2"]);
  const tracker = lan.host("tracker");
  const torrent = await shareSample(
    lan,
    `http://${tracker.address}:6969/announce`,
  );
  await startOpentracker(tracker, [torrent.infoHash]);
  startPeer(lan.host("seeder"));
  await Promise.all([
    fetchWithPeer(lan.host("l1"), torrent),
    fetchWithPeer(lan.host("l2"), torrent),
  ]);
}, { missing: opentrackerMissing });
