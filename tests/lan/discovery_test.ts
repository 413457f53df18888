/**
 * Discovery on the local network: peers find each other without a tracker, and
 * nothing is sent where it is off.
 */
import { assertEquals, assertLessOrEqual, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { fromFileUrl } from "@std/path";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  carryTorrent,
  createTorrent,
  startDiscoveringPeer,
  stopPeer,
  TORRENT_NAME,
  waitUntilCompleted,
} from "../../scripts/lan/sharing_steps.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { lanTest } from "./lan_test_case.ts";

/** Nothing answers there. */
const NO_TRACKER = "http://10.77.0.77:8000/announce";
const NAME = "sample.bin";
const [LISTENER, CONFIGURATION] = [
  "../../scripts/lan/multicast_listener.ts",
  "../../deno.json",
].map((path) => fromFileUrl(new URL(path, import.meta.url))) as [
  string,
  string,
];

/** Starts the script on a host. */
function witness(host: Host, ...args: readonly string[]): RunningProgram {
  return host.spawn(Deno.execPath(), [
    ...["run", "--no-check", `--config=${CONFIGURATION}`, "--unstable-net"],
    ...["-N", "--allow-sys", LISTENER, ...args],
  ]);
}

async function prepare(
  seeder: Host,
  leecher: Host,
  flags: readonly string[] = [],
): Promise<void> {
  await writeRandomFile(seeder.path(NAME), 300_000);
  if (flags.length === 0) {
    const torrent = await createTorrent(seeder, NAME, NO_TRACKER);
    return await carryTorrent(torrent, leecher);
  }
  const made = await seeder.runTask("create", [
    ...[NAME, NO_TRACKER, TORRENT_NAME, ...flags],
  ]);
  assertEquals(made.code, 0, made.stderr);
  await Deno.copyFile(seeder.path(TORRENT_NAME), leecher.path(TORRENT_NAME));
}

async function assertShared(seeder: Host, leecher: Host): Promise<void> {
  startDiscoveringPeer(seeder);
  const peer = startDiscoveringPeer(leecher);
  await peer.stdout.waitFor(/"type":"verified"/);
  await peer.stdout.waitFor(/"type":"peerConnected"/, 5_000);
  await waitUntilCompleted(peer);
  assertEquals(
    await sha256Of(leecher.path(NAME)),
    await sha256Of(seeder.path(NAME)),
  );
}

lanTest("peers find each other without a tracker", async () => {
  await using lan = await createLan(["seeder", "leecher"]);
  await prepare(lan.host("seeder"), lan.host("leecher"));
  await assertShared(lan.host("seeder"), lan.host("leecher"));
});

lanTest(
  "peers find each other without a tracker and without IPv4",
  async () => {
    await using lan = await createLan(["seeder", "leecher"]);
    const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
    for (const host of [seeder, leecher]) await host.dropIpv4();
    await prepare(seeder, leecher);
    await assertShared(seeder, leecher);
  },
);

lanTest("a peer announces itself on an address that comes later", async () => {
  await using lan = await createLan(["seeder", "leecher"]);
  const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
  await prepare(seeder, leecher);
  await leecher.dropAddresses();
  startDiscoveringPeer(seeder);
  const peer = startDiscoveringPeer(leecher);
  await peer.stdout.waitFor(/"type":"verified"/);
  // The seeder's first announces are over.
  await delay(6_000);
  await leecher.addAddress(leecher.address);
  await peer.stdout.waitFor(/"type":"peerConnected"/, 8_000);
  await waitUntilCompleted(peer);
});

lanTest(
  "a peer sends nothing by multicast with --no-discovery, for a private torrent, or on a loopback address",
  async () => {
    await using lan = await createLan(["peer", "witness"]);
    const [host, other] = [lan.host("peer"), lan.host("witness")];
    await prepare(host, other);
    const listener = witness(other);
    await listener.stdout.waitFor(/^ready$/);
    // First the opposite: the witness hears what is sent.
    const loud = startDiscoveringPeer(host);
    await listener.stdout.waitFor(/"from":"10\.77\.0\.1".*BT-SEARCH/);
    await listener.stdout.waitFor(/"from":"fd77::1".*BT-SEARCH/);
    await stopPeer(loud);
    await delay(200);
    const heardCount = listener.stdout.lines.length;
    const silent = startDiscoveringPeer(host, ["--no-discovery"]);
    await silent.stdout.waitFor(/"type":"verified"/);
    await delay(2_500);
    await stopPeer(silent);
    const local = startDiscoveringPeer(host, ["--host=127.0.0.1"]);
    await local.stdout.waitFor(/"type":"verified"/);
    await delay(2_500);
    await stopPeer(local);
    for (const name of [NAME, TORRENT_NAME]) await Deno.remove(host.path(name));
    await prepare(host, other, ["--private"]);
    const restrained = startDiscoveringPeer(host);
    await restrained.stdout.waitFor(/"type":"verified"/);
    await delay(2_500);
    await stopPeer(restrained);
    assertEquals(listener.stdout.lines.slice(heardCount), []);
  },
);

lanTest(
  "local service discovery reads ten messages a second of one host, and none from another network",
  async () => {
    await using lan = await createLan(["peer", "stranger"]);
    const [host, stranger] = [lan.host("peer"), lan.host("stranger")];
    const infoHash = "ab".repeat(20);
    const peer = witness(host, "lsd", infoHash);
    await peer.stdout.waitFor(/^ready$/);
    const startMs = performance.now();
    const sent = await witness(stranger, "flood", infoHash, "2000").result;
    assertMatch(sent.stdout, /^sent 2000$/m);
    await delay(1_000);
    const seconds = (performance.now() - startMs) / 1000;
    const reportCount = (): number =>
      peer.stdout.lines.filter((line) => line === "peer 10.77.0.2:7000").length;
    const count = reportCount();
    assertLessOrEqual(count, 10 + 10 * seconds);
    assertLessOrEqual(10, count);
    await stranger.moveTo("10.88.0.2");
    await witness(stranger, "flood", infoHash, "5").result;
    await delay(1_000);
    assertEquals(peer.stdout.lines.filter((line) => /10\.88/.test(line)), []);
  },
);
