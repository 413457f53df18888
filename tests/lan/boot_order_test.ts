/**
 * Machines whose addresses come after their programs have started.
 */
import { assertEquals } from "@std/assert";
import { createLan } from "../../scripts/lan/lan.ts";
import { lanTest } from "./lan_test_case.ts";

const LINK_LOCAL = "169.254.7.7";

lanTest("tracker prints the addresses that come after its start", async () => {
  await using lan = await createLan(["only"]);
  const host = lan.host("only");
  await host.dropAddresses();
  const tracker = host.spawnTask("tracker", ["8000", "--udp"]);
  await tracker.stdout.waitFor(/^announce +http:\/\/127\.0\.0\.1:8000/);
  await tracker.stderr.waitFor(/^warning: this machine has no address/);
  await host.addAddress(LINK_LOCAL);
  await tracker.stdout.waitFor(/^announce +http:\/\/169\.254\.7\.7:8000/);
  await tracker.stdout.waitFor(/^or +udp:\/\/169\.254\.7\.7:8000/);
  await host.addAddress(host.address);
  await tracker.stdout.waitFor(/^announce +http:\/\/10\.77\.0\.1:8000/);
  const { code, stderr } = await tracker.stop("SIGTERM");
  assertEquals([code, stderr.split("\n").length], [0, 2]);
});

lanTest("tracker whose only address is link-local prints it", async () => {
  await using lan = await createLan(["only"]);
  const host = lan.host("only");
  await host.dropAddresses();
  await host.addAddress(LINK_LOCAL);
  const tracker = host.spawnTask("tracker", ["8000", "--json"]);
  const first = await tracker.stdout.waitFor(/"listening"/);
  const announce = [`http://${LINK_LOCAL}:8000/announce`];
  assertEquals(JSON.parse(first.input!).announce, announce);
  await host.addAddress(host.address);
  const second = await tracker.stdout.waitFor(/"listening"/);
  const better = [`http://${host.address}:8000/announce`];
  assertEquals(JSON.parse(second.input!).announce, better);
  const { code, stderr } = await tracker.stop("SIGTERM");
  assertEquals([code, stderr], [0, ""]);
});

lanTest("tracker and peer wait for the address of --host", async () => {
  await using lan = await createLan(["only"]);
  const host = lan.host("only");
  await host.dropAddresses();
  const flags = ["--host", host.address];
  const tracker = host.spawnTask("tracker", ["8000", ...flags]);
  const url = `http://${host.address}:8000/torrents/a.torrent`;
  const peer = host.spawnTask("peer", [url, ...flags]);
  await tracker.stderr.waitFor(/no such address.*; trying again for 1m/);
  await peer.stderr.waitFor(/^warning: cannot fetch .*; trying again for 1m/);
  await host.addAddress(host.address);
  await tracker.stdout.waitFor(/^announce +http:\/\/10\.77\.0\.1:8000/);
  // The tracker is up and has no such file, so that the peer waits no longer.
  assertEquals((await peer.ended()).code, 1);
  assertEquals((await tracker.stop("SIGTERM")).code, 0);
});
