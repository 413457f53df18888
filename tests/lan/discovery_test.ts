/**
 * Discovery on the local network: peers find each other without a tracker, and
 * nothing is sent where it is off.
 */
import { assertEquals, assertLessOrEqual, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import type { Host } from "../../scripts/lan/host.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { writeRandomFile } from "../../scripts/programs/sample_file.ts";
import { createLan, ip, type Lan } from "../../scripts/lan/lan.ts";
import {
  startDiscoveringPeer,
  TORRENT_NAME,
} from "../../scripts/lan/sharing_steps.ts";
import {
  assertCopied,
  carryTorrent,
  createTorrent,
  NO_TRACKER,
  shareSample,
  stopPeer,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { startProbe } from "./discovery_probe.ts";
import { lanTest } from "./lan_test_case.ts";

async function prepare(seeder: Host, leecher: Host): Promise<void> {
  await carryTorrent(await shareSample(seeder), leecher);
}

async function assertShared(seeder: Host, leecher: Host): Promise<void> {
  startDiscoveringPeer(seeder);
  const peer = startDiscoveringPeer(leecher);
  await peer.stdout.waitFor(/"type":"verified"/);
  // The time is far below the 5 minutes between two regular announces.
  await peer.stdout.waitFor(/"type":"peerConnected"/);
  await waitUntilCompleted(peer);
  await assertCopied(seeder, leecher);
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
  const seeding = startDiscoveringPeer(seeder);
  const peer = startDiscoveringPeer(leecher);
  await peer.stdout.waitFor(/"type":"verified"/);
  // The seeder's first announces are over 4 s after the first one.
  await seeding.stdout.waitFor(/"type":"verified"/);
  await delay(4_500);
  await leecher.addAddress(leecher.address);
  await peer.stdout.waitFor(/"type":"peerConnected"/);
  await waitUntilCompleted(peer);
});

lanTest(
  "a peer sends nothing by multicast with --no-discovery, for a private torrent, or on a loopback address",
  async () => {
    await using lan = await createLan(["peer", "witness"]);
    const [host, other] = [lan.host("peer"), lan.host("witness")];
    await prepare(host, other);
    const listener = startProbe(other);
    await listener.stdout.waitFor(/^ready$/);
    // First the opposite: the witness hears what is sent.
    const loud = startDiscoveringPeer(host);
    await listener.stdout.waitFor(/"from":"10\.77\.0\.1".*BT-SEARCH/);
    await listener.stdout.waitFor(/"from":"fd77::1".*BT-SEARCH/);
    await stopPeer(loud);
    // Each has a torrent of its own, whose messages would be known.
    const silentPeers: RunningProgram[] = [];
    const infoHashes: string[] = [];
    for (
      const [name, createFlags, flags] of [
        ["silent", [], ["--no-discovery"]],
        ["local", [], ["--host=127.0.0.1"]],
        ["private", ["--private"], []],
      ] as const
    ) {
      await Deno.remove(host.path(TORRENT_NAME));
      await writeRandomFile(host.path(name), 10);
      const torrent = await createTorrent(host, name, NO_TRACKER, createFlags);
      infoHashes.push(torrent.infoHash);
      const peer = startDiscoveringPeer(host, flags);
      await peer.stdout.waitFor(/"type":"verified"/);
      silentPeers.push(peer);
    }
    await delay(2_500);
    for (const peer of silentPeers) await stopPeer(peer);
    // Messages sent before this one were heard before it.
    const last = "cd".repeat(20);
    await startProbe(host, "flood", last, "1").ended();
    await listener.stdout.waitFor(new RegExp(last));
    const heard = listener.stdout.lines.filter((line) =>
      infoHashes.some((infoHash) => line.includes(infoHash))
    );
    assertEquals(heard, []);
  },
);

lanTest(
  "local service discovery reads ten messages a second of one host, and none from another network",
  async () => {
    await using lan = await createLan(["peer", "stranger", "near"]);
    const [host, stranger] = [lan.host("peer"), lan.host("stranger")];
    const [infoHash, inLong, last] = ["ab", "cd", "ef"].map((byte) =>
      byte.repeat(20)
    ) as [string, string, string];
    const peer = startProbe(host, "lsd", [infoHash, inLong, last].join());
    await peer.stdout.waitFor(/^ready$/);
    const startMs = performance.now();
    const sent = await startProbe(stranger, "flood", infoHash, "2000").ended();
    assertMatch(sent.stdout, /^sent 2000$/m);
    const report = /^ab(ab)+ 10\.77\.0\.2:7000$/;
    for (let count = 0; count < 10; count++) await peer.stdout.waitFor(report);
    // By then another message is read.
    await delay(1_000);
    const count = peer.stdout.lines.filter((line) => report.test(line)).length;
    const seconds = (performance.now() - startMs) / 1000;
    assertLessOrEqual(count, 10 + 10 * seconds);
    // A message of 1,400 bytes is read whole.
    const others = Array.from(
      { length: 24 },
      (_, index) => index.toString(16).padStart(40, "0"),
    );
    await startProbe(stranger, "flood", [...others, inLong].join(), "1")
      .ended();
    await peer.stdout.waitFor(/^cd(cd)+ 10\.77\.0\.2:7000$/);
    await stranger.moveTo("10.88.0.2");
    await startProbe(stranger, "flood", infoHash, "5").ended();
    // Messages sent before this one were read before it.
    await startProbe(lan.host("near"), "flood", last, "1").ended();
    await peer.stdout.waitFor(/^ef(ef)+ 10\.77\.0\.3:7000$/);
    assertEquals(peer.stdout.lines.filter((line) => /10\.88/.test(line)), []);
  },
);

/**
 * Two networks, 10.77.0.0/24 with `both` and `near`, 10.78.0.0/24 with `both` and
 * `far`.
 */
async function createTwoNetworks(): Promise<
  AsyncDisposable & {
    readonly both: Host;
    readonly near: Host;
    readonly far: Host;
  }
> {
  await using stack = new AsyncDisposableStack();
  const first: Lan<"both" | "near"> = stack.use(
    await createLan(["both", "near"]),
  );
  const second: Lan<"other" | "far"> = stack.use(
    await createLan(["other", "far"]),
  );
  const far = second.host("far");
  await far.dropAddresses();
  await far.addAddress("10.78.0.2");
  const [bridge, host] = [`${second.prefix}-bridge`, `${first.prefix}-both`];
  for (
    const command of [
      `-n ${bridge} link add port9 type veth peer name eth1 netns ${host}`,
      `-n ${bridge} link set port9 master br0 up`,
      `-n ${host} link set eth1 up`,
      `-n ${host} address add 10.78.0.1/24 dev eth1`,
    ]
  ) await ip(command);
  const owned = stack.move();
  return {
    ...{ both: first.host("both"), near: first.host("near"), far },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

lanTest(
  "a host on two networks is found on both, and finds on both",
  async () => {
    await using networks = await createTwoNetworks();
    const { both, near, far } = networks;
    await prepare(both, near);
    await Deno.copyFile(both.path(TORRENT_NAME), far.path(TORRENT_NAME));
    startDiscoveringPeer(both);
    const peers = [near, far].map((host) => startDiscoveringPeer(host));
    await Promise.all(peers.map(waitUntilCompleted));

    // With --host, only on that network.
    const [nearer, farther] = [startProbe(near), startProbe(far)];
    for (const { stdout } of [nearer, farther]) await stdout.waitFor(/^ready$/);
    startDiscoveringPeer(both, [
      ...[`--host=${both.address}`, "--port=7001", "--dir=elsewhere"],
    ]);
    await nearer.stdout.waitFor(/Port: 7001/);
    await nearer.stdout.waitFor(/Port: 7001/);
    assertEquals(
      farther.stdout.lines.filter((line) => line.includes("Port: 7001")),
      [],
    );

    startProbe(both, "share", "of both");
    const finders = [near, far].map((host) => startProbe(host, "find"));
    // Each is told the address in its own network. A share is reported again when
    // one more of its addresses is known.
    const found = await Promise.all(
      finders.map(({ stdout }) =>
        stdout.waitFor(/^\{.*"of both".*"addresses":\[.*?"(10[^"]*)"(.*?)\]/)
      ),
    );
    assertEquals(found.map(([, address]) => address), [
      "10.77.0.1",
      "10.78.0.1",
    ]);
    assertEquals(found.filter(([, , rest]) => rest!.includes('"10.')), []);

    startProbe(near, "share", "of near");
    startProbe(far, "share", "of far");
    const finder = startProbe(both, "find");
    const [, first] = await finder.stdout.waitFor(/of (near|far)/);
    const other = first === "near" ? "far" : "near";
    await finder.stdout.waitFor(new RegExp(`of ${other}`));
  },
);

lanTest(
  "a share is found within half a second, and its end is heard of",
  async () => {
    await using lan = await createLan(["teacher", "student", "late"]);
    const [teacher, student] = [lan.host("teacher"), lan.host("student")];
    const sharing = startProbe(teacher, "share", "images v1.0");
    await sharing.stdout.waitFor(/^host lanswarm\.local$/);
    const finder = startProbe(student, "find");
    const [line] = await finder.stdout.waitFor(/^\{.*/);
    const { afterMs, addresses, ...share } = JSON.parse(line);
    assertEquals(share, {
      ...{ id: "a1b2", name: "images v1.0", sizeBytes: 123_456 },
      ...{ path: "/a.torrent", port: 8000, hostName: "teacher-pc" },
    });
    assertEquals(addresses.toSorted(), ["10.77.0.1", "fd77::1"]);
    // The least of several: the machine that runs the tests may be busy.
    let leastMs = afterMs;
    for (let attempt = 0; attempt < 20 && leastMs > 500; attempt++) {
      const again = startProbe(student, "find");
      const [line] = await again.stdout.waitFor(/^\{.*/);
      leastMs = Math.min(leastMs, JSON.parse(line).afterMs);
      await again.stop("SIGKILL");
    }
    assertLessOrEqual(leastMs, 500);
    // By unicast to the host alone; and its name, which this system need not resolve.
    const direct = startProbe(student, "find", teacher.address);
    assertMatch((await direct.stdout.waitFor(/^\{.*/))[0], /"images v1\.0"/);
    const resolved = await startProbe(student, "resolve", "lanswarm.local")
      .ended();
    assertEquals(
      JSON.parse(resolved.stdout).toSorted(),
      ["10.77.0.1", "fd77::1"],
    );
    // The next host takes the next name.
    const second = startProbe(lan.host("late"), "share", "other");
    await second.stdout.waitFor(/^host lanswarm-2\.local$/);
    assertEquals((await sharing.stop("SIGTERM")).code, 0);
    await finder.stdout.waitFor(/^\{.*"other"/);
    await second.stop("SIGTERM");
    // Its records would expire after 120 s.
    await finder.stdout.waitFor(/^gone a1b2$/, 30_000);
  },
);
