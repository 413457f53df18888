import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  formatUptime,
  renderDashboard,
} from "../../../lib/tracker/dashboard.ts";
import type { TrackerStats } from "../../../lib/tracker/stats.ts";
import { infoHash } from "./samples.ts";

const STATS: TrackerStats = {
  uptimeSeconds: 3_661,
  activeTorrents: 1,
  peers: 4,
  seeders: 1,
  leechers: 3,
  downloads: 7,
  torrents: [
    { infoHash: infoHash("a"), seeders: 1, leechers: 3, downloads: 7 },
    { infoHash: infoHash("b"), seeders: 0, leechers: 0, downloads: 2 },
  ],
};

Deno.test("renderDashboard() shows the totals", () => {
  const page = renderDashboard(STATS);
  for (
    const total of [
      "<dt>Active torrents</dt><dd>1</dd>",
      "<dt>Peers</dt><dd>4</dd>",
      "<dt>Seeders</dt><dd>1</dd>",
      "<dt>Leechers</dt><dd>3</dd>",
      "<dt>Downloads completed</dt><dd>7</dd>",
      "up 1 h 1 min",
    ]
  ) assertStringIncludes(page, total);
});

Deno.test("renderDashboard() shows each torrent with its seeders against its leechers", () => {
  const page = renderDashboard(STATS);
  assertMatch(page, /<code>a{40}<\/code>.*aria-label="1 seeders, 3 leechers"/);
  assertStringIncludes(page, '<rect class="seeders" width="25"');
  assertStringIncludes(page, '<rect class="leechers" width="0"'); // nobody there
});

Deno.test("renderDashboard() says so where there is nothing to show", () => {
  const page = renderDashboard({ ...STATS, torrents: [] });
  assertStringIncludes(page, "No torrents yet.");
});

Deno.test("renderDashboard() stays readable with very many torrents", () => {
  const [torrent] = STATS.torrents;
  const page = renderDashboard({
    ...STATS,
    torrents: Array.from({ length: 20_000 }, () => torrent!),
  });
  assertStringIncludes(page, "and 19500 more");
});

Deno.test("formatUptime() shows the two largest units", () => {
  assertEquals(
    [0, 59, 60, 3_599, 3_600, 90_061].map(formatUptime),
    ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "1 d 1 h"],
  );
});
