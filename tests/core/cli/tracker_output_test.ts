import { assertEquals, assertMatch } from "@std/assert";
import {
  announceLine,
  changeLine,
  type EventLine,
  formatLine,
  formatStart,
  type InterfaceAddress,
  lanAddresses,
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

/** `eth0 192.168.1.5` and so on, one a line. */
function addresses(lines: string): InterfaceAddress[] {
  return lines.trim().split("\n").map((line) => {
    const [, name = "", address = ""] = /^\s*(.*) (\S+)$/.exec(line) ?? [];
    return { name, address, family: address.includes(":") ? "IPv6" : "IPv4" };
  });
}

Deno.test("lanAddresses() puts a cable before containers and tunnels", () => {
  assertEquals(
    lanAddresses(addresses(`
      lo 127.0.0.1
      docker0 172.17.0.1
      br-1234 172.18.0.1
      tun0 10.8.0.2
      wlan0 192.168.1.5
      lo ::1
      wlan0 fe80::1
    `)),
    ["192.168.1.5", "172.17.0.1", "172.18.0.1", "10.8.0.2"],
  );
});

Deno.test("lanAddresses() puts private addresses before public ones", () => {
  assertEquals(
    lanAddresses(addresses(`
      eth0 203.0.113.5
      eth1 10.1.2.3
      eth2 172.32.0.1
      eth3 172.31.0.1
    `)),
    ["10.1.2.3", "172.31.0.1", "203.0.113.5", "172.32.0.1"],
  );
});

Deno.test("lanAddresses() names IPv6 only where there is no IPv4", () => {
  assertEquals(
    lanAddresses(addresses(`
      eth0 fd00::5
      eth0 fe80::1
      lo 127.0.0.1
    `)),
    ["fd00::5"],
  );
});

Deno.test("lanAddresses() names link-local addresses where there are no others", () => {
  const cable = `
    lo 127.0.0.1
    eth0 169.254.3.4
    eth0 fe80::1
  `;
  assertEquals(lanAddresses(addresses(cable)), ["169.254.3.4"]);
  // A bridge to containers is no way to another machine.
  assertEquals(
    lanAddresses(addresses(`${cable}
      docker0 172.17.0.1`)),
    ["169.254.3.4", "172.17.0.1"],
  );
  assertEquals(
    lanAddresses(addresses(`${cable}
      eth0 fd00::5`)),
    ["fd00::5"],
  );
});

Deno.test("lanAddresses() knows when there is no LAN", () => {
  assertEquals(
    lanAddresses(addresses(`
      lo 127.0.0.1
      lo ::1
      eth0 fe80::1
    `)),
    [],
  );
});

Deno.test("lanAddresses() knows the virtual adapters of Windows by name", () => {
  assertEquals(
    lanAddresses(addresses(`
      vEthernet (WSL (Hyper-V firewall)) 172.20.0.1
      VirtualBox Host-Only Network 192.168.56.1
      VMware Network Adapter VMnet8 192.168.80.1
      ZeroTier One [0123456789abcdef] 10.147.17.5
      Loopback Pseudo-Interface 1 127.0.0.1
      Bluetooth Network Connection 169.254.7.7
      Ethernet 2 192.168.1.7
      Wi-Fi 192.168.1.8
    `)),
    [
      "192.168.1.7",
      "192.168.1.8",
      "172.20.0.1",
      "192.168.56.1",
      "192.168.80.1",
      "10.147.17.5",
    ],
  );
});

Deno.test("lanAddresses() knows the virtual interfaces of macOS by name", () => {
  assertEquals(
    lanAddresses(addresses(`
      bridge100 192.168.64.1
      utun3 10.8.0.2
      feth1234 10.147.17.6
      en0 192.168.1.9
    `)),
    ["192.168.1.9", "192.168.64.1", "10.8.0.2", "10.147.17.6"],
  );
});
