import { assertEquals } from "@std/assert";
import { parseIpAddress } from "../../../lib/base/ip_address.ts";
import {
  CONNECTION_EPOCH_MS,
  UdpConnectionIds,
} from "../../../lib/tracker/udp_handler.ts";

function address(hostname: string): Uint8Array {
  return parseIpAddress(hostname)!;
}

const SECRET = new Uint8Array(16).fill(7);
const HERE = address("192.0.2.1");

Deno.test("UdpConnectionIds accepts an id for at least two minutes and at most four", () => {
  const ids = new UdpConnectionIds(SECRET);
  for (const issuedMs of [0, 1, 119_999, 120_000, 1_234_567.8]) {
    const id = ids.issue(HERE, issuedMs);
    for (const laterMs of [0, 60_000, 120_000]) {
      assertEquals(ids.isValid(id, HERE, issuedMs + laterMs), true);
    }
    assertEquals(ids.isValid(id, HERE, issuedMs + 240_000), false);
  }
  const first = ids.issue(HERE, 0);
  assertEquals(ids.isValid(first, HERE, 2 * CONNECTION_EPOCH_MS - 1), true);
  assertEquals(ids.isValid(first, HERE, 2 * CONNECTION_EPOCH_MS), false);
});

Deno.test("UdpConnectionIds issues a different id to each address", () => {
  const ids = new UdpConnectionIds(SECRET);
  const hostnames = [
    ...["192.0.2.1", "192.0.2.2", "0.0.0.0", "::", "::1", "2001:db8::1"],
    // The bytes of 192.0.2.1 and of its mapped form at other offsets.
    ...["c000:201::", "::c000:201", "::ffff:0:c000:201"],
  ];
  for (const hostname of hostnames) {
    const id = ids.issue(address(hostname), 0);
    for (const other of hostnames) {
      assertEquals(
        ids.isValid(id, address(other), 0),
        hostname === other,
        `${hostname} ${other}`,
      );
    }
  }
});

Deno.test("UdpConnectionIds refuses an id of another key, and one with a changed bit", () => {
  const ids = new UdpConnectionIds(SECRET);
  const others = new UdpConnectionIds(new Uint8Array(16).fill(8));
  const id = ids.issue(HERE, 0);
  assertEquals(others.isValid(id, HERE, 0), false);
  for (let bit = 0n; bit < 64n; bit++) {
    assertEquals(ids.isValid(id ^ 1n << bit, HERE, 0), false, `bit ${bit}`);
  }
  assertEquals(ids.isValid(id, HERE, 0), true);
});

Deno.test("UdpConnectionIds refuses an id of the future", () => {
  const ids = new UdpConnectionIds(SECRET);
  const future = ids.issue(HERE, 500_000);
  assertEquals(ids.isValid(future, HERE, 100_000), false);
});
