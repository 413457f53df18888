import { assert, assertEquals } from "@std/assert";
import type {
  TorrentHostStats,
  TrackerStats,
} from "../../../../lib/tracker/page/stats.ts";
import { infoHash, peerId } from "../../announce/samples.ts";
import { bodyOf, deskOf, lab, largeScene, LISTED } from "./page_desk.ts";
import { sceneCatalogue } from "./scene_store.ts";

Deno.test("/stats.json gives the totals and every torrent", async () => {
  const { get } = deskOf(lab(), { catalogue: sceneCatalogue(LISTED) });
  const response = await get("/stats.json");
  assertEquals(response.headers["content-type"], "application/json");
  const expected: TrackerStats = {
    uptimeSeconds: 61,
    activeTorrents: 1,
    peers: 2,
    seeders: 1,
    leechers: 1,
    downloads: 1,
    bytesPerSecond: 2,
    torrents: [{
      infoHash: infoHash("a"),
      length: 1000,
      seeders: 1,
      leechers: 1,
      downloads: 1,
      bytesPerSecond: 2,
    }, {
      infoHash: infoHash("b"),
      name: "image",
      length: 5,
      torrentFile: "/torrents/my%20image.torrent",
      seeders: 0,
      leechers: 0,
      downloads: 0,
      bytesPerSecond: 0,
    }],
  };
  assertEquals(JSON.parse(await bodyOf(response)), expected);
});

Deno.test("/stats.json gives one torrent with its hosts", async () => {
  const { get, page } = deskOf(lab());
  await page.sample(60_000);
  const response = await get(`/stats.json?torrent=${"a".repeat(40)}`);
  const stats: TorrentHostStats = JSON.parse(await bodyOf(response));
  assertEquals(stats.speeds.slice(-2), [0, 2]);
  const expected: TorrentHostStats = {
    infoHash: infoHash("a"),
    length: 1000,
    seeders: 1,
    leechers: 1,
    downloads: 1,
    bytesPerSecond: 2,
    speeds: stats.speeds,
    hosts: [{
      peerId: peerId("-LS0001-s"),
      addresses: ["192.0.2.1:6881"],
      client: "lanswarm",
      state: "done",
      fraction: 1,
      bytesPerSecond: 0,
      secondsSinceAnnounce: 61,
    }, {
      peerId: peerId("-qB4520-f"),
      addresses: ["192.0.2.2:6881"],
      client: "qBittorrent 4.5.2",
      state: "fetching",
      fraction: 0.5,
      bytesPerSecond: 2,
      secondsLeft: 199,
      secondsSinceAnnounce: 10,
    }],
  };
  assertEquals(stats, expected);
  assertEquals((await get("/stats.json?torrent=x")).status, 404);
  assertEquals(
    (await get(`/stats.json?torrent=${"c".repeat(40)}`)).status,
    404,
  );
});

Deno.test("/stats.json gives ten thousand torrents, and pauses after every 500 of them", async () => {
  let pauseCount = 0;
  const { get } = deskOf(largeScene(), {
    pause: () => {
      pauseCount++;
      return Promise.resolve();
    },
  });
  const body = await bodyOf(await get("/stats.json"));
  const { peers, torrents }: TrackerStats = JSON.parse(body);
  assertEquals([peers, torrents.length, pauseCount], [10_000, 10_000, 20]);
});

Deno.test("/stats.json is written once for all requests of a second if there are many torrents", async () => {
  const { get } = deskOf(largeScene());
  const bodies = [await get("/stats.json"), await get("/stats.json")]
    .map(({ body }) => body);
  assert(bodies[0] === bodies[1]);
});
