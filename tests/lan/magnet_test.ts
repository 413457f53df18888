/**
 * An info hash alone, without a tracker and without a peer's address: the metadata
 * and the content come from peers of the local network. [BEP 9, 14]
 */
import { createLan } from "../../scripts/lan/lan.ts";
import { startDiscoveringPeer } from "../../scripts/lan/sharing_steps.ts";
import { report } from "../report.ts";
import {
  assertCopied,
  shareSample,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { lanTest } from "./lan_test_case.ts";

lanTest(
  "peer fetches a torrent by its info hash from the local network, and get does",
  async () => {
    await using lan = await createLan(["seeder", "leecher", "getter"]);
    const seeder = lan.host("seeder");
    const { infoHash } = await shareSample(seeder, { length: 3_000_000 });
    const seeding = startDiscoveringPeer(seeder);
    await seeding.stdout.waitFor(/"type":"verified"/);
    const fetches = [
      ["leecher", "peer", `magnet:?xt=urn:btih:${infoHash}`],
      ["getter", "get", infoHash],
    ] as const;
    for (const [name, task, what] of fetches) {
      const startMs = performance.now();
      const host = lan.host(name);
      const program = host.spawnTask(task, [what, "--json"]);
      await waitUntilCompleted(program);
      await assertCopied(seeder, host);
      const seconds = (performance.now() - startMs) / 1000;
      report(`${task} by info hash alone: ${seconds.toFixed(2)} s`);
      await program.stop("SIGTERM");
    }
  },
);
