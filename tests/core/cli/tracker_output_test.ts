import { assertEquals, assertMatch } from "@std/assert";
import {
  announceLine,
  changeLine,
  type EventLine,
  formatLine,
  formatStart,
  listingLine,
  trackerUrls,
} from "../../../cli/tracker_output.ts";
import {
  type AnnounceEntry,
  createPeerId,
  infoHashFromHex,
  type ListedTorrent,
  UNKNOWN_LEFT,
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
  const start = { urls: URLS };
  assertEquals(formatStart({ ...start, hints: HINTS }), [
    "announce   http://192.168.1.100:8000/announce",
    "or         http://[fe80::1]:8000/announce",
    "stats      http://192.168.1.100:8000/stats",
    "to share   peer create FILE http://192.168.1.100:8000/announce",
    "           peer FILE.torrent",
    "elsewhere  peer FILE.torrent (a copy of it)",
    "Ctrl+C stops the tracker.",
  ]);
  assertEquals(formatStart(start).length, 3);
});

Deno.test("trackerUrls() has the UDP URLs last", () => {
  assertEquals(trackerUrls(HOSTNAMES, 8000, { udp: true }), {
    announce: [
      ...URLS.announce,
      "udp://192.168.1.100:8000/announce",
      "udp://[fe80::1]:8000/announce",
    ],
    stats: URLS.stats,
  });
});

Deno.test("formatStart() suggests to share through the served folder", () => {
  const folder = { path: "'my torrents'", torrentCount: 3 };
  const start = { urls: URLS, folder, hints: HINTS };
  assertEquals(formatStart(start).slice(3), [
    "torrents   3 in 'my torrents'",
    "to share   peer create FILE http://192.168.1.100:8000/announce 'my torrents'/FILE.torrent",
    "           peer 'my torrents'/FILE.torrent",
    "elsewhere  peer http://192.168.1.100:8000/torrents/FILE.torrent",
    "Ctrl+C stops the tracker.",
  ]);
});

const TIME = new Date("2001-02-03T04:05:06Z");

/** The text of a line, without the time of day. */
function textOf(line: EventLine): string {
  const text = formatLine(line, { json: false, time: TIME });
  assertMatch(text, /^\d\d:\d\d:06 /);
  return text.slice(9);
}

function jsonOf(line: EventLine): unknown {
  return JSON.parse(formatLine(line, { json: true, time: TIME }));
}

Deno.test("listingLine() describes a torrent", () => {
  assertEquals(
    textOf(listingLine("listed", TORRENT)),
    "listed all photos.torrent: photos, 1 KiB",
  );
  assertEquals(jsonOf(listingLine("unlisted", TORRENT)), {
    type: "unlisted",
    time: "2001-02-03T04:05:06.000Z",
    infoHash: "0a".repeat(20),
    fileName: "all photos.torrent",
    name: "photos",
    length: 1024,
    fileCount: 2,
  });
});

Deno.test("formatLine() escapes control characters in names", () => {
  const line = listingLine("listed", { ...TORRENT, name: "a\x1b[2J\nb" });
  assertEquals(
    textOf(line),
    String.raw`listed all photos.torrent: a\x1b[2J\x0ab, 1 KiB`,
  );
});

const ANNOUNCE: AnnounceEntry["announce"] = {
  infoHash: infoHashFromHex("0a".repeat(20)),
  peerId: createPeerId(() => 0),
  hostname: "192.168.1.5",
  port: 6881,
  uploaded: 7,
  downloaded: 1024,
  left: 2048,
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

Deno.test("announceLine() says which peer asked what, and what it was given", () => {
  assertEquals(
    textOf(announceLine({ announce: ANNOUNCE, outcome: ACCEPTED })),
    "192.168.1.5:6881 started 0a0a0a0a… lacking 2 KiB: given 3 peers (1 seeder, 2 leechers)",
  );
  const seeder = { ...ANNOUNCE, left: 0, event: "completed" } as const;
  assertEquals(
    textOf(announceLine({ announce: seeder, outcome: REFUSED })),
    "192.168.1.5:6881 completed 0a0a0a0a… complete: refused, full",
  );
});

Deno.test("announceLine() says that a peer does not know the length", () => {
  const announce = { ...ANNOUNCE, left: UNKNOWN_LEFT };
  const line = announceLine({ announce, outcome: REFUSED });
  assertEquals(
    textOf(line),
    "192.168.1.5:6881 started 0a0a0a0a… lacking an unknown length: refused, full",
  );
  assertEquals("left" in (jsonOf(line) as object), false);
});

Deno.test("announceLine() prints everything but the secret key as JSON", () => {
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
    jsonOf(announceLine({ announce: ANNOUNCE, outcome: ACCEPTED })),
    {
      ...common,
      given: 3,
      seeders: 1,
      leechers: 2,
      downloads: 3,
    },
  );
  assertEquals(jsonOf(announceLine({ announce: ANNOUNCE, outcome: REFUSED })), {
    ...common,
    refused: "full",
  });
});

Deno.test("changeLine() says which peer joined which swarm", () => {
  const line = changeLine({
    type: "joined",
    address: { hostname: "192.168.1.5", port: 6881 },
    peerId: ANNOUNCE.peerId,
    swarm: ACCEPTED.swarm,
  });
  assertEquals(
    textOf(line),
    "joined 192.168.1.5:6881 in 0a0a0a0a… (1 seeder, 2 leechers)",
  );
  assertEquals(jsonOf(line), {
    type: "joined",
    time: "2001-02-03T04:05:06.000Z",
    infoHash: "0a".repeat(20),
    peerId: ANNOUNCE.peerId,
    address: "192.168.1.5:6881",
    seeders: 1,
    leechers: 2,
    downloads: 3,
  });
});
