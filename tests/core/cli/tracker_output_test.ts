import { assertEquals, assertMatch } from "@std/assert";
import {
  formatListing,
  formatStart,
  listingToJson,
  trackerUrls,
} from "../../../cli/tracker_output.ts";
import { infoHashFromHex, type ListedTorrent } from "../../../mod.ts";

const HOSTNAMES = ["192.168.1.100", "fe80::1"];
const URLS = trackerUrls(HOSTNAMES, 8000, { udp: false });
const HINTS = { create: "peer create", peer: "peer" };
const TORRENT: ListedTorrent = {
  infoHash: infoHashFromHex("0a".repeat(20)),
  name: "photos",
  length: 1024,
  fileCount: 2,
  fileName: "all photos.torrent",
};

Deno.test("formatStart() suggests the commands that it is given", () => {
  const start = { urls: URLS, folder: undefined };
  assertEquals(formatStart({ ...start, hints: HINTS }), [
    "announce   http://192.168.1.100:8000/announce",
    "or         http://[fe80::1]:8000/announce",
    "stats      http://192.168.1.100:8000/stats",
    "to share   peer create FILE http://192.168.1.100:8000/announce",
    "           then on every machine: peer FILE.torrent",
    "Ctrl+C stops the tracker.",
  ]);
  assertEquals(formatStart({ ...start, hints: undefined }).length, 3);
});

Deno.test("trackerUrls() has those over UDP after all others", () => {
  assertEquals(trackerUrls(HOSTNAMES, 8000, { udp: true }), {
    announce: [
      ...URLS.announce,
      "udp://192.168.1.100:8000/announce",
      "udp://[fe80::1]:8000/announce",
    ],
    stats: URLS.stats,
  });
});

Deno.test("formatStart() suggests to share by way of the folder that is served", () => {
  const folder = { path: "'my torrents'", torrentCount: 3 };
  const start = { urls: URLS, folder, hints: HINTS };
  assertEquals(formatStart(start).slice(3), [
    "torrents   3 in 'my torrents'",
    "to share   peer create FILE http://192.168.1.100:8000/announce 'my torrents'/FILE.torrent",
    "           then here: peer 'my torrents'/FILE.torrent",
    "           then on every other machine: peer http://192.168.1.100:8000/torrents/FILE.torrent",
    "Ctrl+C stops the tracker.",
  ]);
});

Deno.test("formatListing() and listingToJson() tell what a torrent is", () => {
  const time = new Date("2001-02-03T04:05:06Z");
  assertMatch(
    formatListing("listed", TORRENT, time),
    /^\d\d:\d\d:06 listed all photos\.torrent: photos, 1 KiB$/,
  );
  assertEquals(listingToJson("unlisted", TORRENT, time), {
    type: "unlisted",
    time: "2001-02-03T04:05:06.000Z",
    infoHash: "0a".repeat(20),
    fileName: "all photos.torrent",
    name: "photos",
    length: 1024,
    fileCount: 2,
  });
});
