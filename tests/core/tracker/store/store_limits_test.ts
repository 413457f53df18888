import { assertEquals } from "@std/assert";
import type {
  OpenStoreOptions,
  SwarmChange,
} from "../../../../lib/tracker/store/peer_store.ts";
import { accept, counts, memoryStore } from "./memory_scene.ts";
import {
  type InfoHash,
  infoHashFromBytes,
} from "../../../../lib/base/identifier.ts";
import { bytes, infoHash } from "../../announce/samples.ts";

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

Deno.test("a tracker full of torrents closes one of whoever holds the most", () => {
  const { join, gone, store } = limited({ maxSwarmCount: 2 });
  join("192.0.2.1", 1101, 0, "a");
  join("192.0.2.1", 1102, 0, "b");
  join("192.0.2.2", 2001, 0, "c");
  assertEquals(gone, [1101]);
  // Each of them is shared now: b by 1102 and 2002, c by 2001 and 1103.
  join("192.0.2.1", 1103, 0, "c");
  join("192.0.2.2", 2002, 0, "b");
  join("192.0.2.3", 3001, 0, "d");
  assertEquals(gone.slice(1).sort(), [1102, 2002]);
  assertEquals([counts(store, infoHash("c")), counts(store, infoHash("d"))], [
    "0 2 0",
    "0 1 0",
  ]);
});

Deno.test("a tracker full of torrents with many peers each accepts another one", () => {
  const { join, gone, store } = limited({ maxSwarmCount: 1 });
  for (let port = 2_000; port < 2_100; port++) join("192.0.2.1", port);
  join("192.0.2.2", 3_000, 0, "d");
  assertEquals(gone.length, 100);
  assertEquals([counts(store), counts(store, infoHash("d"))], [
    "unknown",
    "0 1 0",
  ]);
});

/**
 * Fills a tracker of 1,000 torrents with invented ones, from these addresses each,
 * beside ten honest torrents, and starts further honest ones. None is refused, and
 * none of the honest peers is evicted.
 */
function flood(addressesOf: (torrent: number) => readonly string[]): void {
  const evicted: string[] = [];
  const store = memoryStore({
    maxSwarmCount: 1_000,
    onChange: ({ type, address: { hostname } }) => {
      if (type === "expired") evicted.push(hostname);
    },
  });
  const nameOf = (text: string, number: number): InfoHash =>
    infoHashFromBytes(bytes(`${text}${number}`.padEnd(20, "-")));
  const join = (torrent: InfoHash, hostname: string): void => {
    const address = { hostname, port: 6881 };
    accept(store, hostname, { address, infoHash: torrent });
  };
  const honest = (number: number): void => {
    for (let host = 1; host <= 3; host++) {
      join(nameOf("honest", number), `10.0.${number}.${host}`);
    }
  };
  for (let number = 0; number < 10; number++) honest(number);
  // All torrents by their first addresses, then all by their second ones.
  for (let index = 0; index < addressesOf(0).length; index++) {
    for (let torrent = 0; torrent < 990; torrent++) {
      join(nameOf("x", torrent), addressesOf(torrent)[index]!);
    }
  }
  for (let number = 10; number < 60; number++) honest(number);
  assertEquals(evicted.filter((hostname) => hostname.startsWith("10.")), []);
  for (let number = 0; number < 60; number++) {
    const [entry] = store.scrape([nameOf("honest", number)]);
    assertEquals(entry?.incomplete, 3, `honest torrent ${number}`);
  }
  assertEquals(store.totals().activeSwarmCount, 1_000);
}

Deno.test("invented torrents of one peer each give way to honest ones", () => {
  flood((torrent) => [`172.16.0.${torrent % 8}`]);
});

Deno.test("invented torrents of two peers each from eight addresses give way to honest ones", () => {
  flood((torrent) => [torrent, torrent + 3].map((n) => `172.16.0.${n % 8}`));
});

Deno.test("invented torrents of ten peers each, of IPv6 too, give way to honest ones", () => {
  flood((torrent) =>
    Array.from({ length: 10 }, (_, number) => {
      const host = (torrent + number * number) % 16;
      return host < 8 ? `172.16.0.${host}` : `2001:db8::${host}`;
    })
  );
});

Deno.test("invented torrents of one large address and many small ones give way to honest ones", () => {
  flood((torrent) => ["172.16.0.1", `172.17.0.${torrent % 100}`]);
});

Deno.test("peers of addresses that hold many give way to honest ones", () => {
  const evicted = new Set<string>();
  const store = memoryStore({
    maxPeerCount: 1_000,
    onChange: ({ type, address: { hostname } }) => {
      if (type === "expired") evicted.add(hostname.split(".", 1)[0]!);
    },
  });
  const join = (hostname: string, port: number, digit: string): void => {
    const address = { hostname, port };
    const changes = { address, infoHash: infoHash(digit) };
    accept(store, `${hostname} ${port}`, changes);
  };
  for (let host = 1; host <= 100; host++) join(`10.0.0.${host}`, 6881, "a");
  for (let peer = 0; peer < 2_000; peer++) {
    join(`172.16.0.${peer % 8}`, 2_000 + peer, "abcdef"[peer % 6]!);
  }
  for (let host = 1; host <= 100; host++) join(`10.0.1.${host}`, 6881, "a");
  assertEquals([...evicted], ["172"]);
});

Deno.test("the last peer of a swarm may make room for the next in it", () => {
  const { join, gone, store } = limited({ maxPeersPerAddress: 1 });
  join("192.0.2.1", 1101);
  join("192.0.2.1", 1102);
  assertEquals(gone, [1101]);
  assertEquals(counts(store), "0 1 0");
});
