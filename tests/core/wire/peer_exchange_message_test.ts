import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  encodePeerExchange,
  type ExchangedPeer,
  MAX_EXCHANGED_PEERS,
  parsePeerExchange,
} from "../../../lib/wire/peer_exchange_message.ts";
import { latin1 } from "../bencode/bytes.ts";
import { EXCHANGE_PAYLOAD } from "./payloads.ts";

const ADDED: readonly ExchangedPeer[] = [
  {
    address: { hostname: "192.0.2.1", port: 6881 },
    isSeeder: true,
    isReachable: true,
  },
  {
    address: { hostname: "10.0.0.255", port: 65535 },
    isSeeder: false,
    isReachable: false,
  },
  {
    address: { hostname: "2001:db8::1", port: 6882 },
    isSeeder: false,
    isReachable: true,
  },
];
const DROPPED = [
  { hostname: "192.0.2.2", port: 6881 },
  { hostname: "2001:db8::2", port: 6881 },
];

/** `count` peers of 10.0.0.0/16. */
function crowd(count: number): ExchangedPeer[] {
  return Array.from({ length: count }, (_, host) => ({
    address: { hostname: `10.0.${host >> 8}.${host & 255}`, port: 6881 },
    isSeeder: false,
    isReachable: true,
  }));
}

/** A bencoded string of `length` bytes. */
function bytes(length: number): string {
  return `${length}:${"\x01".repeat(length)}`;
}

Deno.test("encodePeerExchange() writes both families with a flag for each peer added", () => {
  const payload = encodePeerExchange({ added: ADDED, dropped: DROPPED });
  assertEquals(payload, EXCHANGE_PAYLOAD);
});

Deno.test("encodePeerExchange() omits empty lists", () => {
  assertEquals(
    encodePeerExchange({ added: ADDED.slice(0, 1), dropped: [] }),
    latin1("d5:added6:\xc0\x00\x02\x01\x1a\xe17:added.f1:\x12e"),
  );
});

Deno.test("encodePeerExchange() refuses a hostname that is not an IP address", () => {
  for (const hostname of ["fe80::1%eth0", "localhost"]) {
    const peer = { ...ADDED[0]!, address: { hostname, port: 6881 } };
    assertThrows(
      () => encodePeerExchange({ added: [peer], dropped: [] }),
      RangeError,
      "not an IP address",
    );
  }
});

Deno.test("encodePeerExchange() writes at most 50 peers of each kind", () => {
  const added = crowd(MAX_EXCHANGED_PEERS + 1);
  const dropped = added.map(({ address }) => address);
  const [less, gone] = [added.slice(1), dropped.slice(1)];
  const payload = encodePeerExchange({ added: less, dropped: gone });
  assertEquals(parsePeerExchange(payload), less);
  for (const message of [{ added, dropped: [] }, { added: [], dropped }]) {
    assertThrows(() => encodePeerExchange(message), RangeError, "51 peers");
  }
});

Deno.test("parsePeerExchange() reads the added peers", () => {
  assertEquals(parsePeerExchange(EXCHANGE_PAYLOAD), ADDED);
});

Deno.test("parsePeerExchange() treats missing flags as unset", () => {
  const list = "5:added12:\x0a\0\0\x01\x1a\xe1\x0a\0\0\x02\x1a\xe1";
  for (
    const [flags, seeders] of [
      ["", [false, false]],
      ["7:added.f0:", [false, false]],
      ["7:added.f1:\x02", [true, false]],
      ["7:added.fi2e", [false, false]],
      ["7:added.f9:\x02\xff2345678", [true, true]],
    ] as const
  ) {
    const peers = parsePeerExchange(latin1(`d${list}${flags}e`));
    assertEquals(peers.map((peer) => peer.isSeeder), [...seeders], flags);
  }
});

Deno.test("parsePeerExchange() reads at most 50 peers of both families together, IPv4 first", () => {
  const text = `d5:added${bytes(40 * 6)}6:added6${bytes(40 * 18)}e`;
  const peers = parsePeerExchange(latin1(text));
  assertEquals(peers.length, 50);
  const ipv6 = peers.filter((peer) => peer.address.hostname.includes(":"));
  assertEquals(ipv6.length, 10);
});

Deno.test("parsePeerExchange() skips port 0 and its flag", () => {
  const list = "\x0a\0\0\x01\0\0" + "\x0a\0\0\x02\x1a\xe1";
  const peers = parsePeerExchange(
    latin1(`d5:added12:${list}7:added.f2:\x02\x10e`),
  );
  assertEquals(peers, [{
    address: { hostname: "10.0.0.2", port: 6881 },
    isSeeder: false,
    isReachable: true,
  }]);
});

Deno.test("parsePeerExchange() returns no peers if none is added", () => {
  for (const text of ["de", "d7:dropped6:abcdefe", "d5:addedi1ee"]) {
    assertEquals(parsePeerExchange(latin1(text)), [], text);
  }
});

Deno.test("parsePeerExchange() refuses truncated lists", () => {
  for (const text of [`d5:added${bytes(5)}e`, `d6:added6${bytes(17)}e`]) {
    assertThrows(
      () => parsePeerExchange(latin1(text)),
      ProtocolError,
      "is truncated",
    );
  }
});

Deno.test("parsePeerExchange() refuses a payload that is not a dictionary, or exceeds the limits", () => {
  for (const text of ["", "le", "d", `d5:added${bytes(3000 * 6)}e`]) {
    assertThrows(() => parsePeerExchange(latin1(text)), ProtocolError);
  }
});
