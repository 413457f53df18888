import { assertEquals, assertThrows } from "@std/assert";
import {
  type AddressScope,
  addressScope,
  formatIpAddress,
  hostOf,
  isLinkLocalIpv6,
  isLoopback,
  isUnicast,
  parseIpAddress,
  parseIpv4,
  unmapHostname,
} from "../../../lib/base/ip_address.ts";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";

Deno.test("parseIpAddress() and formatIpAddress() agree on canonical text", () => {
  for (
    const text of [
      "0.0.0.0",
      "192.0.2.1",
      "255.255.255.255",
      "::",
      "::1",
      "1::",
      "2001:db8::1",
      "2001:db8:0:1:1:1:1:1", // one zero alone is not shortened
      "2001:0:0:1::1", // of two runs the longer one is
      "1:2:3:4:5:6:7:8",
      "fe80::a:b:c:d",
    ]
  ) {
    assertEquals(formatIpAddress(parseIpAddress(text)!), text);
  }
});

Deno.test("formatIpAddress() turns other spellings into the canonical one", () => {
  for (
    const [text, canonical] of [
      ["2001:DB8::0001", "2001:db8::1"],
      ["0:0:0:0:0:0:0:0", "::"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["::ffff:c000:201", "192.0.2.1"],
      ["2001:0:0:0:0:0:0:1", "2001::1"],
      ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"], // the first of equal runs
      ["10:0:0:10::", "10:0:0:10::"],
    ] as const
  ) {
    assertEquals(formatIpAddress(parseIpAddress(text)!), canonical);
  }
});

Deno.test("parseIpAddress() refuses malformed text", () => {
  for (
    const text of [
      "",
      "localhost",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "1.2.3.04",
      "1.2.3.-4",
      " 1.2.3.4",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1::2::3",
      "1:2:3:4::5:6:7:8",
      ":1",
      "1:",
      ":::",
      "12345::",
      "g::",
      "fe80::1%eth0",
      "::1.2.3",
      "1.2.3.4::",
    ]
  ) {
    assertEquals(parseIpAddress(text), undefined, text);
  }
});

Deno.test("formatIpAddress() refuses other lengths", () => {
  for (const length of [0, 3, 5, 15, 17]) {
    assertThrows(() => formatIpAddress(new Uint8Array(length)), RangeError);
  }
});

Deno.test("parseIpAddress() reads back any IPv6 address that formatIpAddress() writes (seed 5)", () => {
  const random = seededRandom(5);
  for (let round = 0; round < 5_000; round++) {
    // Mostly zeros, so that runs of every place and length occur.
    const bytes = Uint8Array.from(
      { length: 16 },
      () => random() < 0.7 ? 0 : randomBelow(256, random),
    );
    bytes[0] = 1;
    assertEquals(parseIpAddress(formatIpAddress(bytes)), bytes);
  }
});

Deno.test("parseIpv4() reads an unsigned number, most significant byte first", () => {
  assertEquals(parseIpv4("255.0.2.1"), 0xff000201);
  assertEquals(parseIpv4("0.0.0.0"), 0);
  assertEquals(parseIpv4("::1"), undefined);
});

Deno.test("unmapHostname() unmaps IPv4 and leaves IPv6 alone", () => {
  for (const mapped of ["::ffff:192.0.2.1", "::FFFF:192.0.2.1", "192.0.2.1"]) {
    assertEquals(unmapHostname(mapped), "192.0.2.1");
  }
  for (const hostname of ["::1", "2001:db8::ffff:1", "::ffff:0:192.0.2.1"]) {
    assertEquals(unmapHostname(hostname), hostname);
  }
});

Deno.test("addressScope() knows the networks of IPv4 and IPv6", () => {
  const cases: [hostname: string, scope: AddressScope | undefined][] = [
    ["0.1.2.3", "none"],
    ["9.255.255.255", "global"],
    ["10.0.0.1", "private"],
    ["11.0.0.1", "global"],
    ["127.0.0.1", "loopback"],
    ["169.253.0.1", "global"],
    ["169.254.3.4", "linkLocal"],
    ["172.15.0.1", "global"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["172.32.0.1", "global"],
    ["192.167.0.1", "global"],
    ["192.168.0.1", "private"],
    ["224.0.0.1", "none"],
    ["::", "none"],
    ["::1", "loopback"],
    ["::2", "global"],
    ["::ffff:10.0.0.1", "private"],
    ["fbff::1", "global"],
    ["fc00::1", "private"],
    ["fdff::1", "private"],
    ["fe80::1", "linkLocal"],
    ["febf::1", "linkLocal"],
    ["fec0::1", "global"],
    ["ff02::1", "none"],
    ["localhost", undefined],
    ["", undefined],
  ];
  for (const [hostname, scope] of cases) {
    assertEquals(addressScope(hostname), scope, hostname);
  }
});

Deno.test("isUnicast() accepts the address of one machine", () => {
  const cases: [hostname: string, expected: boolean][] = [
    ["192.168.1.1", true],
    ["1.0.0.0", true],
    ["127.0.0.1", true],
    ["223.255.255.255", true],
    ["2001:db8::1", true],
    ["fe80::1", true],
    ["::1", true],
    ["0.0.0.0", false],
    ["0.1.2.3", false],
    ["224.0.0.1", false],
    ["239.255.255.255", false],
    ["240.0.0.1", false], // reserved
    ["255.255.255.255", false], // broadcast
    ["::", false],
    ["ff02::1", false],
    ["localhost", false],
    ["", false],
  ];
  for (const [hostname, expected] of cases) {
    assertEquals(isUnicast(hostname), expected, hostname);
  }
});

Deno.test("isLinkLocalIpv6() accepts fe80::/10 alone", () => {
  const hostnames = ["fe80::1", "febf::1", "fec0::1", "169.254.3.4", "fe80"];
  assertEquals(hostnames.filter(isLinkLocalIpv6), ["fe80::1", "febf::1"]);
});

Deno.test("isLoopback() accepts 127.0.0.0/8 and ::1 in any spelling", () => {
  for (
    const hostname of [
      "127.0.0.1",
      "127.255.255.254",
      "::1",
      "0::0001",
      "::ffff:127.0.0.1",
    ]
  ) {
    assertEquals(isLoopback(hostname), true, hostname);
  }
  for (
    const hostname of [
      "128.0.0.1",
      "::",
      "::2",
      "1::1",
      "localhost",
      "127.example",
    ]
  ) {
    assertEquals(isLoopback(hostname), false, hostname);
  }
});

Deno.test("hostOf() counts an IPv6 network as one host, unless it is a link or one of our own", () => {
  const isOwn = (hostname: string): boolean => hostname.startsWith("2001:db8:");
  for (
    const [hostname, host] of [
      ["192.0.2.1", "192.0.2.1"],
      ["2001:db8::7", "2001:db8::7"],
      ["2001:db8::8", "2001:db8::8"],
      ["fe80::7", "fe80::7"],
      ["2001:41d0:1:2:3:4:5:6", "2001:41d0:1:2::/64"],
      ["2001:41d0:1:2:ffff::", "2001:41d0:1:2::/64"],
      ["2001:41d0:1:3::6", "2001:41d0:1:3::/64"],
      ["fd00::1:0:0:0:1", "fd00:0:0:1::/64"],
    ] as const
  ) {
    assertEquals(hostOf(hostname, isOwn), host);
  }
});
