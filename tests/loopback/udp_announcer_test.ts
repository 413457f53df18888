/**
 * The announcer with HTTP and UDP trackers in one torrent. [BEP 12, 15]
 */
import { assertEquals } from "@std/assert";
import { createPeerId, infoHashFromHex } from "../../lib/base/identifier.ts";
import { scrape } from "../../lib/announce/tracker_client.ts";
import { startTracker } from "../../lib/tracker/start_tracker.ts";
import {
  Announcer,
  type AnnounceReport,
} from "../../lib/announce/announcer.ts";
import { freePort } from "./machine.ts";
import { startScriptedTracker, startUdpTracker } from "./udp_tracker.ts";

const INFO_HASH = infoHashFromHex("ab".repeat(20));
const NEVER = new AbortController().signal;

/** Announces until a tracker has answered, then stops. @returns The reports, as `type url`. */
async function announceTo(
  tiers: readonly (readonly string[])[],
): Promise<string[]> {
  const reports: AnnounceReport[] = [];
  const answered = Promise.withResolvers<void>();
  const announcer = new Announcer({
    tiers,
    infoHash: INFO_HASH,
    peerId: createPeerId(Math.random),
    key: "00000001",
    port: 6881,
    progress: () => ({ uploaded: 0, downloaded: 0, left: 0 }),
    onPeers: () => {},
    onReport: (report) => {
      reports.push(report);
      if (report.type === "announced") answered.resolve();
    },
  });
  const running = announcer.run(NEVER);
  await answered.promise;
  await announcer.stop(60_000);
  await running;
  return reports.map(({ type, url }) => `${type} ${url}`);
}

Deno.test("Announcer tries an HTTP tracker after a silent UDP tracker", async () => {
  await using silent = startScriptedTracker(() => {});
  await using tracker = await startTracker({ hostname: "127.0.0.1", port: 0 });
  assertEquals(await announceTo([[silent.url], [tracker.announceUrl]]), [
    `announceFailed ${silent.url}`,
    `announced ${tracker.announceUrl}`,
  ]);
});

Deno.test("Announcer tries a UDP tracker after an HTTP tracker that is down, and announces stopped to it", async () => {
  await using tracker = startUdpTracker();
  const down = `http://127.0.0.1:${freePort()}/announce`;
  assertEquals(await announceTo([[down], [tracker.url]]), [
    `announceFailed ${down}`,
    `announced ${tracker.url}`,
  ]);
  const [counts] = await scrape(tracker.url, [INFO_HASH]);
  assertEquals([counts?.complete, counts?.incomplete], [0, 0]);
});
