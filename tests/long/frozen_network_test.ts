/**
 * Machines of a real site that freeze for a minute.
 */
import { delay } from "@std/async/delay";
import { disturbance } from "./site.ts";
import { report } from "../report.ts";

disturbance("a leecher is frozen for a minute", async (site) => {
  await site.reaches("second", 20);
  const frozen = site.peer("second");
  frozen.signal("SIGSTOP");
  // The others do not wait for it.
  const startMs = performance.now();
  await site.finish(["first", "third"]);
  const elapsedMs = performance.now() - startMs;
  report(`the others were complete ${(elapsedMs / 1000).toFixed(1)} s later`);
  await delay(Math.max(0, 60_000 - elapsedMs));
  frozen.signal("SIGCONT");
});

disturbance("the only seeder is frozen for a minute", async (site) => {
  await site.reaches("first", 20);
  site.peer("seeder").signal("SIGSTOP");
  await delay(60_000);
  site.peer("seeder").signal("SIGCONT");
});
