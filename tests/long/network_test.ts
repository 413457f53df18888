/**
 * The incidents of a real site's links and machines. The time of the same swarm
 * without an incident is printed for comparison.
 */
import { delay } from "@std/async/delay";
import { disturbance, HOSTS, LEECHERS } from "./site.ts";

disturbance("nothing happens", () => Promise.resolve());

disturbance("every link is cut for three seconds in turn", async (site) => {
  for (const name of ["seeder", ...LEECHERS] as const) {
    await site.reaches("first", 5);
    await site.host(name).cutLink();
    await delay(3_000);
    await site.host(name).restoreLink();
  }
});

disturbance(
  "the seeder's machine loses its power and comes back",
  async (site) => {
    await site.reaches("first", 20);
    // Nobody hears of its end: the others' connections are half open.
    await site.host("seeder").cutLink();
    await site.peer("seeder").stop("SIGKILL");
    await delay(5_000);
    await site.host("seeder").restoreLink();
    site.start("seeder");
  },
);

disturbance(
  "the seeder leaves when it has given nearly all, and comes back later",
  async (site) => {
    await site.reaches("first", 90);
    await site.peer("seeder").stop("SIGTERM");
    await delay(10_000);
    site.start("seeder");
  },
);

disturbance("three of a hundred packets are lost everywhere", async (site) => {
  for (const name of HOSTS) await site.host(name).losePackets(3);
});

disturbance("a leecher's address changes", async (site) => {
  await site.reaches("second", 20);
  await site.host("second").moveTo("10.77.0.200");
});
