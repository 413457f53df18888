import { assertEquals, assertThrows } from "@std/assert";
import { TrackerError } from "../../../lib/base/errors.ts";
import {
  encodeUdpAnnounced,
  encodeUdpConnected,
  encodeUdpError,
  encodeUdpScraped,
  MAX_UDP_RESPONSE_LENGTH,
  parseUdpAnnounced,
  parseUdpConnected,
  parseUdpScraped,
  readUdpResponseHead,
} from "../../../lib/announce/udp_response.ts";
import { bytes, infoHash, text } from "./samples.ts";

const TRANSACTION_ID = 0xfedcba98;
const ID = "\xfe\xdc\xba\x98";

const SWARM = { complete: 1, incomplete: 258, downloaded: 3 };
const PEERS_IPV4 = "\xc0\x00\x02\x01\x1a\xe1" + "\xc0\x00\x02\x02\x00\x50";
const PEER_IPV6 = "\x20\x01\x0d\xb8" + "\0".repeat(11) + "\x01" + "\x1a\xe1";

const CONNECTED = encodeUdpConnected(0x0123_4567_89ab_cdefn, TRANSACTION_ID);
const ANNOUNCED = encodeUdpAnnounced({
  intervalMs: 120_000,
  swarm: SWARM,
  peers: bytes(PEERS_IPV4),
  family: "ipv4",
}, TRANSACTION_ID);
const SCRAPED = encodeUdpScraped(
  [SWARM, { complete: 0, incomplete: 0, downloaded: 0 }],
  TRANSACTION_ID,
);
const ASKED = [infoHash("a"), infoHash("b")];

Deno.test("encodeUdpConnected() writes 16 bytes, no more than the request had", () => {
  assertEquals(
    text(CONNECTED),
    "\0\0\0\0" + ID + "\x01\x23\x45\x67\x89\xab\xcd\xef",
  );
  assertEquals(parseUdpConnected(CONNECTED), 0x0123_4567_89ab_cdefn);
});

Deno.test("encodeUdpAnnounced() writes interval, leechers, seeders and peers", () => {
  assertEquals(
    text(ANNOUNCED),
    "\0\0\0\x01" + ID + "\0\0\0\x78" + "\0\0\x01\x02" + "\0\0\0\x01" +
      PEERS_IPV4,
  );
});

Deno.test("encodeUdpAnnounced() rounds an interval up to seconds", () => {
  const datagram = encodeUdpAnnounced({
    intervalMs: 1_001,
    swarm: SWARM,
    peers: bytes(""),
    family: "ipv6",
  }, TRANSACTION_ID);
  assertEquals(datagram[11], 2);
  assertEquals(datagram.length, 20);
});

Deno.test("encodeUdpAnnounced() leaves out peers that do not fit into one packet", () => {
  for (const [family, length] of [["ipv4", 6], ["ipv6", 18]] as const) {
    const peers = Uint8Array.from(
      { length: 400 * length },
      (_, index) => Math.floor(index / length),
    );
    const datagram = encodeUdpAnnounced({
      intervalMs: 1000,
      swarm: SWARM,
      peers,
      family,
    }, TRANSACTION_ID);
    const count = Math.floor((MAX_UDP_RESPONSE_LENGTH - 20) / length);
    assertEquals(datagram.length, 20 + count * length, family);
    assertEquals(datagram.subarray(20), peers.subarray(0, count * length));
  }
});

Deno.test("parseUdpAnnounced() reads IPv4 peers and IPv6 peers", () => {
  const expected = {
    intervalMs: 120_000,
    minIntervalMs: 60_000,
    complete: 1,
    incomplete: 258,
    peers: [
      { hostname: "192.0.2.1", port: 6881 },
      { hostname: "192.0.2.2", port: 80 },
    ],
    warning: undefined,
    trackerId: undefined,
  };
  assertEquals(parseUdpAnnounced(ANNOUNCED, "ipv4"), expected);
  const overIpv6 = bytes(text(ANNOUNCED.subarray(0, 20)) + PEER_IPV6);
  assertEquals(parseUdpAnnounced(overIpv6, "ipv6"), {
    ...expected,
    peers: [{ hostname: "2001:db8::1", port: 6881 }],
  });
});

Deno.test("parseUdpAnnounced() skips a truncated peer", () => {
  for (let length = 20; length <= ANNOUNCED.length; length++) {
    const { peers } = parseUdpAnnounced(ANNOUNCED.subarray(0, length), "ipv4");
    assertEquals(peers.length, Math.floor((length - 20) / 6));
  }
});

Deno.test("parseUdpAnnounced() leaves out peers without a port", () => {
  const datagram = ANNOUNCED.slice();
  datagram.fill(0, 24, 26);
  assertEquals(parseUdpAnnounced(datagram, "ipv4").peers, [
    { hostname: "192.0.2.2", port: 80 },
  ]);
});

Deno.test("parseUdpAnnounced() bounds intervals", () => {
  const intervalMs = (field: string): number => {
    const datagram = ANNOUNCED.slice();
    datagram.set(bytes(field), 8);
    return parseUdpAnnounced(datagram, "ipv4").intervalMs;
  };
  assertEquals(intervalMs("\0\0\0\0"), 1_000);
  assertEquals(intervalMs("\0\0\0\x07"), 7_000);
  assertEquals(intervalMs("\xff\xff\xff\xff"), 86_400_000);
});

Deno.test("parseUdpScraped() reads the counts in the order of the request", () => {
  assertEquals(
    text(SCRAPED.subarray(0, 20)),
    [
      ...["\0\0\0\x02", ID],
      ...["\0\0\0\x01", "\0\0\0\x03", "\0\0\x01\x02"],
    ].join(""),
  );
  assertEquals(parseUdpScraped(SCRAPED, ASKED), [
    { infoHash: infoHash("a"), ...SWARM },
    { infoHash: infoHash("b"), complete: 0, incomplete: 0, downloaded: 0 },
  ]);
});

const READERS = {
  connect: [parseUdpConnected, CONNECTED, 16],
  announce: [
    (datagram: Uint8Array) => parseUdpAnnounced(datagram, "ipv4"),
    ANNOUNCED,
    20,
  ],
  scrape: [
    (datagram: Uint8Array) => parseUdpScraped(datagram, ASKED),
    SCRAPED,
    32,
  ],
} as const;

Deno.test("every decoder of responses refuses a truncated one", () => {
  for (const [read, datagram, minLength] of Object.values(READERS)) {
    for (let length = 0; length < minLength; length++) {
      assertThrows(
        () => read(datagram.subarray(0, length)),
        TrackerError,
        `the answer is truncated: ${length} of ${minLength} bytes`,
      );
    }
  }
});

Deno.test("every decoder of responses skips the bytes behind it", () => {
  for (const [read, datagram] of Object.values(READERS)) {
    const longer = Uint8Array.of(...datagram, 1, 2, 3);
    assertEquals<unknown>(read(longer), read(datagram));
  }
});

Deno.test("every decoder of responses refuses another action", () => {
  for (const [action, [read]] of Object.entries(READERS)) {
    for (const [other, [, datagram]] of Object.entries(READERS)) {
      if (action === other) continue;
      assertThrows(
        () => read(datagram),
        TrackerError,
        ` (${action})`,
      );
    }
  }
});

Deno.test("every decoder of responses throws the tracker's reason for a refusal", () => {
  const refusal = encodeUdpError("full", TRANSACTION_ID);
  assertEquals(text(refusal), "\0\0\0\x03" + ID + "full");
  // opentracker ends its text with a zero.
  for (const datagram of [refusal, Uint8Array.of(...refusal, 0)]) {
    for (const [read] of Object.values(READERS)) {
      const error = assertThrows(() => read(datagram), TrackerError);
      assertEquals(error.message, "the tracker refused: full");
    }
  }
});

Deno.test("every decoder of responses makes the reason safe for a terminal", () => {
  const hostile = encodeUdpError(
    `\x1b[2J${"a".repeat(1000)}`,
    TRANSACTION_ID,
  );
  const error = assertThrows(() => parseUdpConnected(hostile), TrackerError);
  assertEquals(
    error.message,
    `the tracker refused:  [2J${"a".repeat(496)}`,
  );
});

Deno.test("encodeUdpError() truncates a long reason", () => {
  const datagram = encodeUdpError("é".repeat(1000), TRANSACTION_ID);
  assertEquals(datagram.length, MAX_UDP_RESPONSE_LENGTH);
});

Deno.test("readUdpResponseHead() returns undefined for a datagram shorter than 8 bytes", () => {
  for (let length = 0; length < 8; length++) {
    assertEquals(readUdpResponseHead(CONNECTED.subarray(0, length)), undefined);
  }
  assertEquals(readUdpResponseHead(ANNOUNCED.subarray(0, 8)), {
    action: 1,
    transactionId: TRANSACTION_ID,
  });
});
