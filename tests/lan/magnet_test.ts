/**
 * An info hash alone, without a tracker and without a peer's address: the metadata
 * and the content come from peers of the local network. [BEP 9, 14]
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  createTorrent,
  startDiscoveringPeer,
  waitUntilCompleted,
} from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { report } from "../report.ts";
import { lanTest } from "./lan_test_case.ts";

/** Nothing answers there. */
const NO_TRACKER = "http://10.77.0.77:8000/announce";
const NAME = "sample.bin";

lanTest(
  "peer fetches a torrent by its info hash from the local network, and get does",
  async () => {
    await using lan = await createLan(["seeder", "leecher", "getter"]);
    const seeder = lan.host("seeder");
    await writeRandomFile(seeder.path(NAME), 3_000_000);
    const { infoHash } = await createTorrent(seeder, NAME, NO_TRACKER);
    const seeding = startDiscoveringPeer(seeder);
    await seeding.stdout.waitFor(/"type":"verified"/);
    const original = await sha256Of(seeder.path(NAME));
    const fetches = [
      ["leecher", "peer", `magnet:?xt=urn:btih:${infoHash}`],
      ["getter", "get", infoHash],
    ] as const;
    for (const [name, task, what] of fetches) {
      const startMs = performance.now();
      const host = lan.host(name);
      const program = host.spawnTask(task, [what, "--json"]);
      await waitUntilCompleted(program);
      assertEquals(await sha256Of(host.path(NAME)), original);
      const seconds = (performance.now() - startMs) / 1000;
      report(`${task} by info hash alone: ${seconds.toFixed(2)} s`);
      await program.stop("SIGTERM");
    }
  },
);
