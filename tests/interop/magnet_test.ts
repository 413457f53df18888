/**
 * Magnet links with stock clients: each fetches metadata from our peer, and our peer
 * from each. [BEP 9]
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
import { createLan } from "../../scripts/lan/lan.ts";
import { startPeer, TORRENT_NAME } from "../../scripts/lan/sharing_steps.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import {
  announceUrl,
  startTracker,
  stopPeer,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { rtorrent } from "./stock_variants.ts";

const FOLDER = "sample";
/** Their names alone take two pieces of metadata. */
const FILES = Array.from(
  { length: 300 },
  (_, index) => `${FOLDER}/file ${index} ${"x".repeat(80)}.txt`,
);

/** Makes content and its torrent on the seeder, and returns the magnet link. */
async function makeLink(seeder: Host, tracker: Host): Promise<string> {
  await startTracker(tracker);
  await Deno.mkdir(seeder.path(FOLDER));
  for (const file of FILES) {
    await Deno.writeTextFile(seeder.path(file), file.repeat(10));
  }
  const args = [FOLDER, announceUrl(tracker), TORRENT_NAME];
  const made = await seeder.runTask("create", args);
  assertEquals(made.code, 0, made.stderr);
  return /magnet:\S+/.exec(made.stdout)![0];
}

async function assertCopied(to: Host): Promise<void> {
  for (const file of FILES) {
    const content = await Deno.readTextFile(to.path(file));
    assertEquals(content, file.repeat(10));
  }
}

/**
 * Has a client fetch a magnet link. transmission-cli 3.00 pauses a torrent for a
 * moment once it has the metadata, and ends if it looks at the torrent just then: so
 * it is started again.
 */
async function fetchLink(
  client: Client,
  host: Host,
  link: string,
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const program = await client.start(host, link);
    try {
      return await waitUntilComplete(host, program);
    } catch (error) {
      const { message } = error as Error;
      const isPaused = /the client ended:[^]*Magnet Verify/.test(message);
      if (!isPaused || attempt === 5) throw error;
    }
  }
}

for (const client of [libtorrent, aria2, transmission, rtorrent]) {
  const { name, missing } = client;

  lanTest(`${name} fetches a magnet link's torrent from our peer`, async () => {
    await using lan = await createLan(["tracker", "ours", "theirs"]);
    const [ours, theirs] = [lan.host("ours"), lan.host("theirs")];
    const link = await makeLink(ours, lan.host("tracker"));
    const peer = startPeer(ours);
    await peer.stdout.waitFor(/"type":"announced"/);
    await fetchLink(client, theirs, link);
    await assertCopied(theirs);
    await stopPeer(peer);
  }, { missing });

  lanTest(`our peer fetches a magnet link's torrent from ${name}`, async () => {
    await using lan = await createLan(["tracker", "ours", "theirs"]);
    const [ours, theirs] = [lan.host("ours"), lan.host("theirs")];
    const link = await makeLink(theirs, lan.host("tracker"));
    await client.start(theirs, TORRENT_NAME);
    const args = [link, "--json", "--no-discovery", "--retry-for", "90s"];
    const peer = ours.spawnTask("peer", args);
    await waitUntilCompleted(peer);
    await assertCopied(ours);
    await stopPeer(peer);
  }, { missing });
}
