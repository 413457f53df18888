import { assertEquals, assertThrows } from "@std/assert";
import {
  formatIpAddress,
  parseIpAddress,
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

Deno.test("parseIpAddress() refuses what is no address", () => {
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
