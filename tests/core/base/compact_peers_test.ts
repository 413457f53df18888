import { assertEquals, assertThrows } from "@std/assert";
import {
  encodeCompactPeers,
  parseCompactPeer,
  parseCompactPeers,
} from "../../../lib/base/compact_peers.ts";

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

Deno.test("encodeCompactPeers() leaves out what is no IP address", () => {
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

Deno.test("parseCompactPeers() refuses a list that is cut at any byte", () => {
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

Deno.test("parseCompactPeer() reads one of either length, and none of another", () => {
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
