/**
 * A seeder that only the tracker of a further tier knows.
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { type RunningTracker, scrape, startTracker } from "../../lib/mod.ts";
import { fullStorage, memoryTorrent } from "./memory_torrent.ts";
import { openLocalSession, Share } from "./share.ts";

function startLocalTracker(): Promise<RunningTracker> {
  return startTracker({ hostname: "127.0.0.1", port: 0 });
}

for (const kind of ["announceUrl", "udpAnnounceUrl"] as const) {
  Deno.test(`a leecher finds a seeder that only the tracker of a further tier knows (${kind})`, async () => {
    await using first = await startLocalTracker();
    await using second = await startTracker({
      hostname: "127.0.0.1",
      port: 0,
      udp: true,
    });
    const announce = [first.announceUrl, second[kind]!];
    const sample = await memoryTorrent({ length: 300_000, announce });
    const elsewhere = await memoryTorrent({
      length: 300_000,
      announce: [second[kind]!],
    });
    await using seeding = openLocalSession();
    await using leeching = openLocalSession();
    await Share.start(seeding, elsewhere, fullStorage(elsewhere));
    const leecher = await Share.start(leeching, sample);
    await leecher.first("sourceMissing");
    await leecher.first("completed");
    const said = leecher.events.filter(({ type }) => type === "sourceMissing");
    assertEquals(said.length, 1);
  });
}

Deno.test("a leecher with a source announces to the first tier alone", async () => {
  await using first = await startLocalTracker();
  await using second = await startLocalTracker();
  const announce = [first.announceUrl, second.announceUrl];
  const sample = await memoryTorrent({ length: 3_000_000, announce });
  await using seeding = openLocalSession({ maxUploadBytesPerSecond: 400_000 });
  await using leeching = openLocalSession();
  await Share.start(seeding, sample, fullStorage(sample));
  const leecher = await Share.start(leeching, sample);
  await leecher.first("completed");
  assert(leecher.events.every(({ type }) => type !== "sourceMissing"));
  await delay(100);
  const { infoHash } = sample.torrent;
  assertEquals(await scrape(second.announceUrl, [infoHash]), []);
});
