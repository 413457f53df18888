/**
 * Our peer that downloads from stock clients.
 */
import { createLan } from "../../scripts/lan/lan.ts";
import {
  TORRENT_NAME,
  waitForCounts,
} from "../../scripts/lan/sharing_steps.ts";
import { announceUrl, startTracker } from "../sharing_steps.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import { CLIENTS, fetchWithPeer, shareSample } from "./sample.ts";

for (const client of CLIENTS) {
  const { name, missing } = client;

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
