import { assertEquals } from "@std/assert";
import {
  type PendingChannel,
  PendingHandshakes,
} from "../../../lib/peer/peer_listener.ts";

/** An inbound connection of a host. */
class StubChannel implements PendingChannel {
  readonly hostname: string;
  isClosed = false;

  constructor(hostname: string) {
    this.hostname = hostname;
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Adds `count` connections. */
function pend(
  count: number,
  hostname: (index: number) => string,
): { pending: PendingHandshakes; channels: StubChannel[] } {
  const pending = new PendingHandshakes();
  const channels = Array.from(
    { length: count },
    (_, index) => new StubChannel(hostname(index)),
  );
  for (const channel of channels) pending.add(channel);
  return { pending, channels };
}

/** The indexes of the closed ones. */
function closed(channels: readonly StubChannel[]): number[] {
  return [...channels.keys()].filter((index) => channels[index]!.isClosed);
}

Deno.test("PendingHandshakes closes the oldest connection when there are too many", () => {
  const { channels } = pend(130, (index) => `192.0.2.${index}`);
  assertEquals(closed(channels), [0, 1]);
});

Deno.test("PendingHandshakes closes the oldest of a host that has too many", () => {
  const { pending, channels } = pend(
    92,
    (index) => index < 20 ? `192.0.2.${index}` : "198.51.100.1",
  );
  // 72 of one host, of which 64 may be pending.
  assertEquals(closed(channels), [20, 21, 22, 23, 24, 25, 26, 27]);
  pending.add(new StubChannel("192.0.2.99"));
  assertEquals(closed(channels).length, 8);
});

Deno.test("PendingHandshakes does not count a connection whose handshake has come", () => {
  const { pending, channels } = pend(64, () => "192.0.2.1");
  for (const channel of channels) pending.delete(channel);
  for (let count = 0; count < 64; count++) {
    pending.add(new StubChannel("192.0.2.1"));
  }
  assertEquals(closed(channels), []);
});

Deno.test("PendingHandshakes permits 256 connections of a host at once, then 16 in each second", () => {
  const pending = new PendingHandshakes();
  const permitted = (count: number, now: number): number => {
    let permittedCount = 0;
    for (let connection = 0; connection < count; connection++) {
      if (pending.permits("192.0.2.1", now)) permittedCount++;
    }
    return permittedCount;
  };
  assertEquals(permitted(2_000, 0), 256);
  assertEquals(pending.permits("192.0.2.2", 0), true);
  assertEquals(permitted(2_000, 1_000), 16);
  assertEquals(permitted(2_000, 3_600_000), 256);
});

Deno.test("PendingHandshakes remembers a host that keeps connecting, however many others do", () => {
  const pending = new PendingHandshakes();
  for (let count = 0; count < 256; count++) pending.permits("192.0.2.1", 0);
  for (let host = 0; host < 10_000; host++) {
    pending.permits(`198.51.100.${host}`, 0);
    assertEquals(pending.permits("192.0.2.1", 0), false);
  }
});
