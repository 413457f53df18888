/**
 * Trackers that vanish or move while a site shares a file.
 */
import { delay } from "@std/async/delay";
import { waitForCounts } from "../../scripts/lan/sharing_steps.ts";
import { announceUrl, startTracker } from "../sharing_steps.ts";
import { disturbance, LIMIT_MS, MOVED_TRACKER_ADDRESS } from "./site.ts";
import { report } from "../report.ts";

disturbance(
  "the tracker is gone for a minute and has forgotten all",
  async (site) => {
    const tracker = site.host("tracker");
    await site.reaches("first", 10);
    // Then the peers know enough addresses of each other.
    for (const name of ["second", "third"] as const) {
      await site.reaches(name, 1);
    }
    await tracker.endProcesses();
    await site.finish();
    await delay(60_000);
    await startTracker(tracker);
    const infoHash = /"infoHash":"([0-9a-f]{40})"/
      .exec(site.peer("seeder").stdout.text)![1]!;
    const torrent = {
      host: site.host("seeder"),
      infoHash,
      announceUrl: announceUrl(tracker),
    };
    const startMs = performance.now();
    await waitForCounts(site.host("first"), torrent, {
      complete: 4,
      incomplete: 0,
    }, { timeoutMs: LIMIT_MS });
    const seconds = (performance.now() - startMs) / 1000;
    report(`the tracker knew all four again after ${seconds.toFixed(1)} s`);
  },
);

disturbance(
  "the tracker goes to the other address that the torrent names",
  async (site) => {
    const tracker = site.host("tracker");
    await site.reaches("first", 10);
    await tracker.endProcesses();
    await tracker.moveTo(MOVED_TRACKER_ADDRESS);
    await startTracker(tracker);
    // A peer that starts now knows others only through the tracker.
    await site.peer("third").stop("SIGKILL");
    site.start("third");
  },
);
