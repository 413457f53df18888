import { assertEquals } from "@std/assert";
import {
  AddressWords,
  formatAddressWords,
  formatIpv4Word,
} from "../../../../lib/tracker/store/address_words.ts";
import {
  formatIpAddress,
  parseIpAddress,
} from "../../../../lib/base/ip_address.ts";

Deno.test("AddressWords reads every spelling that parseIpAddress() reads, and writes its bytes", () => {
  const address = new AddressWords();
  const hostnames = [
    "0.0.0.1",
    "1.2.3.4",
    "192.0.2.255",
    "255.255.255.255",
    "::1",
    "2001:DB8::1",
    "2001:db8:1:2:3:4:5:6",
    "fe80::1",
    "::ffff:192.0.2.1",
    "::ffff:c000:201",
  ];
  for (const hostname of hostnames) {
    address.read(hostname);
    const expected = formatIpAddress(parseIpAddress(hostname)!);
    const bytes = new Uint8Array(20);
    const length = address.write(bytes, 2);
    assertEquals(formatIpAddress(bytes.subarray(2, 2 + length)), expected);
    assertEquals(address.isIpv4, !expected.includes(":"));
    assertEquals(address.isKnown, true);
    const [a = 0, b = 0, c = 0, d = 0] = address.words;
    assertEquals(formatAddressWords([a, b, c, d]), expected);
    if (address.isIpv4) assertEquals(formatIpv4Word(d), expected);
  }
});

Deno.test("AddressWords takes what is no address for ::, and forgets what it read before", () => {
  const address = new AddressWords();
  const none = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "1.2.3.256",
    "1..2.3",
    "a.b.c.d",
    "1.2.3.4 ",
    "::1::",
    "host",
    "%eth0",
  ];
  for (const hostname of none) {
    address.read("192.0.2.1");
    address.read(hostname);
    assertEquals([...address.words], [0, 0, 0, 0], hostname);
    assertEquals([address.isKnown, address.isIpv4], [false, false]);
  }
});

Deno.test("AddressWords.reach tells who may dial an address", () => {
  const table: [string, string][] = [
    ["192.0.2.1", "everybody"],
    ["10.0.0.1", "everybody"],
    ["1.0.0.0", "everybody"],
    ["223.255.255.255", "everybody"],
    ["0.0.0.0", "nobody"],
    ["0.255.255.255", "nobody"],
    ["224.0.0.1", "nobody"],
    ["239.255.255.255", "nobody"],
    ["255.255.255.255", "nobody"],
    ["127.0.0.1", "thisMachine"],
    ["127.255.255.255", "thisMachine"],
    ["::ffff:127.0.0.1", "thisMachine"],
    ["::1", "thisMachine"],
    ["::", "nobody"],
    ["::2", "everybody"],
    ["2001:db8::1", "everybody"],
    ["fd00::1", "everybody"],
    ["fe7f::1", "everybody"],
    ["fe80::1", "nobody"],
    ["febf::1", "nobody"],
    ["fec0::1", "everybody"],
    ["ff02::1", "nobody"],
    ["fe80::1%eth0", "nobody"],
    ["2001:db8::1%eth0", "everybody"],
    ["no address", "nobody"],
  ];
  const address = new AddressWords();
  for (const [hostname, expected] of table) {
    address.read(hostname);
    assertEquals([hostname, address.reach], [hostname, expected]);
  }
});
