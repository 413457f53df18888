import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { bareHost } from "../../scripts/lan/executable_host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { TORRENT_NAME } from "../../scripts/lan/sharing_steps.ts";
import { writeRandomFile } from "../../scripts/programs/sample_file.ts";
import { announceUrl, createTorrent } from "../sharing_steps.ts";
import { executableTest } from "./executable_test_case.ts";

executableTest("executables start in any order", async (executables) => {
  await using lan = await createLan(["tracker", "seeder", "leecher"]);
  const bare = (name: "tracker" | "seeder" | "leecher") =>
    bareHost(lan.host(name), {
      executables,
      programs: [name === "tracker" ? "tracker" : "peer"],
    });
  const tracker = await bare("tracker");
  const seeder = await bare("seeder");
  const leecher = await bare("leecher");
  await writeRandomFile(seeder.path("a.bin"), 300_000);
  await createTorrent(seeder, "a.bin", announceUrl(tracker));
  await Deno.copyFile(seeder.path(TORRENT_NAME), tracker.path(TORRENT_NAME));
  const url = `http://${tracker.address}:8000/torrents/${TORRENT_NAME}`;
  const peer = leecher.spawnTask("peer", [url, "--exit-when-complete"]);
  await peer.stderr.waitFor(/^warning: cannot fetch .*; trying again/);
  const sharing = seeder.spawnTask("peer", [url, "--json"]);
  // The tracker's machine has no address yet, and gets it after the start.
  await lan.host("tracker").dropAddresses();
  const running = tracker.spawnTask("tracker", ["8000", "--torrents=."]);
  await running.stderr.waitFor(/^warning: this machine has no address/);
  await delay(1_000);
  await lan.host("tracker").addAddress(tracker.address);
  await running.stdout.waitFor(/^announce +http:\/\/10\.77\.0\.1:8000/);
  assertEquals((await peer.ended()).code, 0);
  for (const program of [sharing, running]) {
    assertEquals((await program.stop("SIGTERM")).code, 0);
  }
});
