import { assertEquals, assertMatch } from "@std/assert";
import {
  announceToJson,
  formatAnnounce,
  formatListing,
  formatStart,
  listingToJson,
  trackerUrls,
} from "../../../cli/tracker_output.ts";
import {
  type AnnounceEntry,
  createPeerId,
  infoHashFromHex,
  type ListedTorrent,
} from "../../../mod.ts";

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

const ANNOUNCE: AnnounceEntry["announce"] = {
  infoHash: infoHashFromHex("0a".repeat(20)),
  peerId: createPeerId(() => 0),
  address: { hostname: "192.168.1.5", port: 6881 },
  progress: { uploaded: 7, downloaded: 1024, left: 2048 },
  isSeeder: false,
  event: "started",
  numwant: 50,
  key: "secret",
  wantsIds: false,
};
const ACCEPTED: AnnounceEntry["outcome"] = {
  type: "accepted",
  swarm: {
    infoHash: ANNOUNCE.infoHash,
    complete: 1,
    incomplete: 2,
    downloaded: 3,
  },
  peers: {
    ipv4: new Uint8Array(12),
    ipv6: new Uint8Array(18),
    ids: undefined,
  },
  swarmAgeMs: 0,
  peerCount: 3,
};
const REFUSED: AnnounceEntry["outcome"] = { type: "refused", reason: "full" };

Deno.test("formatAnnounce() is one line with who asked what and what it was given", () => {
  const line = (entry: AnnounceEntry): string =>
    formatAnnounce(entry, new Date("2001-02-03T04:05:06Z")).slice(9);
  assertEquals(
    line({ announce: ANNOUNCE, outcome: ACCEPTED }),
    "192.168.1.5:6881 started 0a0a0a0a… lacking 2 KiB: given 3 peers (1 seeder, 2 leechers)",
  );
  const seeder = { ...ANNOUNCE, isSeeder: true, event: "completed" } as const;
  assertEquals(
    line({ announce: seeder, outcome: REFUSED }),
    "192.168.1.5:6881 completed 0a0a0a0a… complete: refused, full",
  );
});

Deno.test("announceToJson() has all but the secret key", () => {
  const time = new Date("2001-02-03T04:05:06Z");
  const common = {
    type: "announce",
    time: "2001-02-03T04:05:06.000Z",
    infoHash: "0a".repeat(20),
    peerId: ANNOUNCE.peerId,
    address: "192.168.1.5:6881",
    event: "started",
    uploaded: 7,
    downloaded: 1024,
    left: 2048,
    numwant: 50,
  };
  assertEquals(
    announceToJson({ announce: ANNOUNCE, outcome: ACCEPTED }, time),
    {
      ...common,
      given: 3,
      seeders: 1,
      leechers: 2,
      downloads: 3,
    },
  );
  assertEquals(announceToJson({ announce: ANNOUNCE, outcome: REFUSED }, time), {
    ...common,
    refused: "full",
  });
});
