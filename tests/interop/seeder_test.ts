/**
 * Stock clients that download from our peer.
 */
import { createLan } from "../../scripts/lan/lan.ts";
import { startPeer } from "../../scripts/lan/sharing_steps.ts";
import { announceUrl, startTracker } from "../sharing_steps.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import { CLIENTS, fetchWithClient, shareSample } from "./sample.ts";

for (const client of CLIENTS) {
  const { name, missing } = client;

  lanTest(`${name} downloads from our peer`, async () => {
    await using lan = await createLan(["tracker", "seeder", "leecher"]);
    await startTracker(lan.host("tracker"));
    const torrent = await shareSample(lan, announceUrl(lan.host("tracker")));
    startPeer(lan.host("seeder"));
    await fetchWithClient(client, lan.host("leecher"), torrent);
  }, { missing });
}
