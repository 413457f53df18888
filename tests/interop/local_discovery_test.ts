/**
 * Local Service Discovery with stock clients, without any tracker. [BEP 14]
 */
import { delay } from "@std/async/delay";
import { waitUntilComplete } from "../../scripts/clients/client.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  startDiscoveringPeer,
  TORRENT_NAME,
} from "../../scripts/lan/sharing_steps.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import {
  assertCopied,
  carryTorrent,
  shareSample,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { report } from "../report.ts";
import {
  aria2WithLsd,
  libtorrentWithLsd,
  transmissionWithLsd,
} from "./stock_variants.ts";

/**
 * Time in which each finds the other, in milliseconds: far below the minutes between
 * two regular announces. aria2 dials new peers only every 10 s.
 */
const FOUND_WITHIN_MS = 60_000;
/** After this time a program that listens is silent for minutes, in milliseconds. */
const SILENT_AFTER_MS = 6_000;

/** Waits until our peer is connected to another, and prints how long that took. */
async function untilFound({ stdout }: RunningProgram): Promise<void> {
  const startMs = performance.now();
  await stdout.waitFor(/"type":"peerConnected"/, FOUND_WITHIN_MS);
  const seconds = (performance.now() - startMs) / 1000;
  report(`they are connected after ${seconds.toFixed(1)} s`);
}

/** A seeder and a leecher with the same torrent, whose tracker does not exist. */
async function prepare(seeder: Host, leecher: Host): Promise<void> {
  await carryTorrent(await shareSample(seeder), leecher);
}

for (const client of [libtorrentWithLsd, transmissionWithLsd, aria2WithLsd]) {
  const { name, missing } = client;

  lanTest(`without a tracker, ${name} finds our peer`, async () => {
    await using lan = await createLan(["ours", "theirs"]);
    const [ours, theirs] = [lan.host("ours"), lan.host("theirs")];
    await prepare(ours, theirs);
    const program = await client.start(theirs, TORRENT_NAME);
    await delay(SILENT_AFTER_MS);
    const peer = startDiscoveringPeer(ours);
    await peer.stdout.waitFor(/"type":"verified"/);
    await untilFound(peer);
    await waitUntilComplete(theirs, program);
    await assertCopied(ours, theirs);
  }, { missing });

  lanTest(`without a tracker, our peer finds ${name}`, async () => {
    await using lan = await createLan(["ours", "theirs"]);
    const [ours, theirs] = [lan.host("ours"), lan.host("theirs")];
    await prepare(theirs, ours);
    const peer = startDiscoveringPeer(ours);
    await peer.stdout.waitFor(/"type":"verified"/);
    await delay(SILENT_AFTER_MS);
    await client.start(theirs, TORRENT_NAME);
    await untilFound(peer);
    await waitUntilCompleted(peer);
    await assertCopied(theirs, ours);
  }, { missing });
}
