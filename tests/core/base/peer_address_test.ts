import { assertEquals } from "@std/assert";
import {
  formatPeerAddress,
  unmapHostname,
} from "../../../lib/base/peer_address.ts";

Deno.test("formatPeerAddress() puts IPv6 into brackets, and nothing else", () => {
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

Deno.test("unmapHostname() writes IPv4 one way, and leaves IPv6 alone", () => {
  for (const mapped of ["::ffff:192.0.2.1", "::FFFF:192.0.2.1", "192.0.2.1"]) {
    assertEquals(unmapHostname(mapped), "192.0.2.1");
  }
  for (const hostname of ["::1", "2001:db8::ffff:1", "::ffff:0:192.0.2.1"]) {
    assertEquals(unmapHostname(hostname), hostname);
  }
});
