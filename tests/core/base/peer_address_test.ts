import { assertEquals, assertThrows } from "@std/assert";
import {
  encodeCompactPeers,
  formatPeerAddress,
  isDialable,
  parseCompactPeer,
  parseCompactPeers,
} from "../../../lib/base/peer_address.ts";

const OUTSIDE = "192.168.1.5";

Deno.test("formatPeerAddress() puts only IPv6 into brackets", () => {
  const port = 6881;
  assertEquals(
    formatPeerAddress({ hostname: "192.0.2.1", port }),
    "192.0.2.1:6881",
  );
  assertEquals(
    formatPeerAddress({ hostname: "2001:db8::1", port }),
    "[2001:db8::1]:6881",
  );
});

Deno.test("isDialable() accepts unicast addresses at unprivileged ports", () => {
  const cases: [hostname: string, port: number, expected: boolean][] = [
    ["10.0.0.1", 6881, true],
    ["10.0.0.1", 1024, true],
    ["10.0.0.1", 65535, true],
    ["2001:db8::1", 6881, true],
    ["10.0.0.1", 1023, false],
    ["10.0.0.1", 22, false],
    ["10.0.0.1", 0, false],
    ["0.0.0.0", 6881, false],
    ["224.0.0.1", 6881, false],
    ["255.255.255.255", 6881, false],
    ["ff02::1", 6881, false],
    ["fe80::1", 6881, false], // of which link?
    ["febf::1", 6881, false],
    ["::ffff:224.0.0.1", 6881, false],
    ["169.254.1.2", 6881, true], // a LAN without DHCP
    ["localhost", 6881, false],
    ["fec0::1", 6881, true],
  ];
  for (const [hostname, port, expected] of cases) {
    const name = `${hostname} port ${port}`;
    assertEquals(isDialable({ hostname, port }, OUTSIDE), expected, name);
  }
});

Deno.test("isDialable() accepts loopback only from a peer on this machine", () => {
  for (const hostname of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
    const address = { hostname, port: 6881 };
    assertEquals(isDialable(address, OUTSIDE), false);
    assertEquals(isDialable(address, "2001:db8::5"), false);
    assertEquals(isDialable(address, "127.0.0.1"), true);
    assertEquals(isDialable(address, "::1"), true);
  }
});

// deno-fmt-ignore
const TWO_IPV4_PEERS = Uint8Array.of(
  192, 0, 2, 1,   0x1a, 0xe1, // 192.0.2.1:6881
  10, 0, 0, 255,  0xff, 0xff, // 10.0.0.255:65535
);

// deno-fmt-ignore
const ONE_IPV6_PEER = Uint8Array.of(
  0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, // 2001:db8::1
  0x00, 0x50, // 80
);

const ADDRESSES = [
  { hostname: "192.0.2.1", port: 6881 },
  { hostname: "2001:db8::1", port: 80 },
  { hostname: "10.0.0.255", port: 65535 },
];

Deno.test("encodeCompactPeers() writes 6 bytes for IPv4 and 18 for IPv6", () => {
  assertEquals(encodeCompactPeers(ADDRESSES), {
    ipv4: TWO_IPV4_PEERS,
    ipv6: ONE_IPV6_PEER,
  });
});

Deno.test("encodeCompactPeers() leaves out a host name", () => {
  assertEquals(encodeCompactPeers([{ hostname: "localhost", port: 1 }]), {
    ipv4: new Uint8Array(),
    ipv6: new Uint8Array(),
  });
});

Deno.test("parseCompactPeers() reads both families", () => {
  const [first, ipv6, second] = ADDRESSES;
  assertEquals(parseCompactPeers(TWO_IPV4_PEERS, "ipv4"), [first, second]);
  assertEquals(parseCompactPeers(ONE_IPV6_PEER, "ipv6"), [ipv6]);
  assertEquals(parseCompactPeers(new Uint8Array(), "ipv4"), []);
});

Deno.test("parseCompactPeers() reads a view that begins inside a buffer", () => {
  const buffer = new Uint8Array(20);
  buffer.set(TWO_IPV4_PEERS, 5);
  const view = buffer.subarray(5, 17);
  assertEquals(
    parseCompactPeers(view, "ipv4"),
    parseCompactPeers(TWO_IPV4_PEERS, "ipv4"),
  );
});

Deno.test("parseCompactPeers() refuses a list that is truncated at any byte", () => {
  for (let length = 1; length < TWO_IPV4_PEERS.length; length++) {
    if (length === 6) continue;
    assertThrows(
      () => parseCompactPeers(TWO_IPV4_PEERS.subarray(0, length), "ipv4"),
      RangeError,
      "not a multiple of 6",
    );
  }
});

Deno.test("parseCompactPeers() leaves out port 0", () => {
  const bytes = TWO_IPV4_PEERS.slice();
  bytes.fill(0, 4, 6);
  assertEquals(parseCompactPeers(bytes, "ipv4"), [ADDRESSES[2]!]);
});

Deno.test("parseCompactPeer() reads 6 or 18 bytes and refuses other lengths", () => {
  const [first, ipv6] = ADDRESSES;
  assertEquals(parseCompactPeer(TWO_IPV4_PEERS.subarray(0, 6)), first);
  assertEquals(parseCompactPeer(ONE_IPV6_PEER), ipv6);
  for (const length of [0, 1, 2, 4, 5, 7, 16, 17]) {
    assertThrows(
      () => parseCompactPeer(ONE_IPV6_PEER.subarray(0, length)),
      RangeError,
    );
  }
});
