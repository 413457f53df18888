import { assertEquals } from "@std/assert";
import type {
  OpenStoreOptions,
  SwarmChange,
} from "../../../../lib/tracker/store/peer_store.ts";
import { accept, counts, memoryStore } from "./memory_scene.ts";
import { infoHash, peerAnnounce } from "../../announce/samples.ts";

/** A store of which it is told who had to go, by the port. */
function limited(options: Partial<OpenStoreOptions>): {
  join(hostname: string, port: number, nowMs?: number, digit?: string): void;
  gone: number[];
  store: ReturnType<typeof memoryStore>;
} {
  const gone: number[] = [];
  const store = memoryStore({
    ...options,
    onChange: ({ type, address }: SwarmChange) => {
      if (type === "expired") gone.push(address.port);
    },
  });
  return {
    store,
    gone,
    join: (hostname, port, nowMs = 0, digit = "a") => {
      const address = { hostname, port };
      accept(store, `${port}`, { address, infoHash: infoHash(digit) }, nowMs);
    },
  };
}

Deno.test("an address that holds more than its share loses the peer that was silent for longest", () => {
  const { join, gone } = limited({ maxPeersPerAddress: 3 });
  for (const port of [2001, 2002, 2003]) join("192.0.2.1", port);
  join("192.0.2.2", 3001);
  join("192.0.2.1", 2001, 5); // heard of again
  join("192.0.2.1", 2004, 6);
  join("192.0.2.1", 2005, 7, "b"); // of all swarms together
  assertEquals(gone, [2002, 2003]);
});

Deno.test("an IPv6 address has a share of its own, and this machine's have none", () => {
  const { join, gone } = limited({ maxPeersPerAddress: 1 });
  join("2001:db8::1", 2001);
  join("2001:db8::2", 2002);
  for (const port of [3001, 3002]) join("127.0.0.1", port);
  for (const port of [4001, 4002]) join("::1", port);
  assertEquals(gone, []);
  join("2001:db8::1", 2003);
  assertEquals(gone, [2001]);
});

Deno.test("a full tracker takes the peer that was silent for longest from whoever holds the most", () => {
  const { join, gone, store } = limited({ maxPeerCount: 7 });
  join("192.0.2.1", 1101);
  for (const port of [2001, 2002, 2003, 2004]) join("192.0.2.2", port);
  for (const port of [3001, 3002]) join("192.0.2.3", port);
  join("192.0.2.4", 4001);
  assertEquals(gone, [2001]);
  join("192.0.2.3", 3003); // has the most after that
  assertEquals(gone.slice(1), [2002]);
  join("192.0.2.5", 5001);
  assertEquals(gone.slice(2), [3001]);
  assertEquals(counts(store), "0 7 0");
  join("192.0.2.5", 5001); // is known: needs no room
  assertEquals(gone.length, 3);
});

Deno.test("a tracker full of torrents evicts from whoever holds the most until one closes", () => {
  const { join, gone, store } = limited({ maxSwarmCount: 2 });
  join("192.0.2.1", 1101, 0, "a");
  join("192.0.2.1", 1102, 0, "b");
  join("192.0.2.2", 2001, 0, "c");
  assertEquals(gone, [1101]);
  // Each of them is shared now: b by 1102 and 2002, c by 2001 and 1103.
  join("192.0.2.1", 1103, 0, "c");
  join("192.0.2.2", 2002, 0, "b");
  join("192.0.2.3", 3001, 0, "d");
  assertEquals(gone.slice(1).sort(), [1102, 1103, 2001]);
  assertEquals([counts(store, "b"), counts(store, "d")], ["0 1 0", "0 1 0"]);
});

Deno.test("a tracker full of torrents with many peers each refuses, and evicts until there is room", () => {
  const { join, gone, store } = limited({ maxSwarmCount: 1 });
  for (let port = 2_000; port < 2_100; port++) join("192.0.2.1", port);
  const announce = peerAnnounce("x", { infoHash: infoHash("d") });
  assertEquals(store.announce(announce, 0), {
    type: "refused",
    reason: "the tracker is full with 1 torrents",
    retryInMs: 300_000,
  });
  assertEquals([gone.length, counts(store)], [64, "0 36 0"]);
  assertEquals(store.announce(announce, 0).type, "accepted");
  assertEquals(counts(store, "d"), "0 1 0");
});

Deno.test("the last peer of a swarm may make room for the next in it", () => {
  const { join, gone, store } = limited({ maxPeersPerAddress: 1 });
  join("192.0.2.1", 1101);
  join("192.0.2.1", 1102);
  assertEquals(gone, [1101]);
  assertEquals(counts(store), "0 1 0");
});
