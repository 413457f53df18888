import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeReport,
  encodeReport,
  mergeReport,
  reportOf,
  type SwarmReport,
} from "../../../../lib/tracker/store/swarm_report.ts";
import type { MemoryStore } from "../../../../lib/tracker/store/memory_store.ts";
import { addressesOf, infoHash, peerId } from "../../announce/samples.ts";
import {
  accept,
  counts,
  expireAll,
  fill,
  memoryStore,
} from "./memory_scene.ts";

/** The report of swarm "a" by a tracker with these peers. */
function reported(store: MemoryStore): SwarmReport {
  const { rows, table } = store;
  return reportOf(table.swarms.get(infoHash("a"))!, rows);
}

/** Merges a report of swarm "a". */
function merge(
  store: MemoryStore,
  report: SwarmReport | undefined,
  tracker = "other",
): void {
  mergeReport(store, infoHash("a"), { tracker, report });
}

/** The names of the peers that a tracker lists, with the ports that they have. */
function listed(store: MemoryStore): string[] {
  return store.peers(infoHash("a"), 1_000)
    .flatMap(({ addresses }) => addresses)
    .map(({ hostname, port }) => `${hostname}:${port}`).sort();
}

const home = { hostname: "192.0.2.7", port: 7000 };
const home6 = { hostname: "2001:db8::7", port: 7000 };

Deno.test("a report is read as it was written, on the reader's clock", () => {
  const store = memoryStore();
  const progress = { uploaded: 1, downloaded: 2, left: 3 };
  accept(store, "x", { address: home, key: "secret", progress }, 5_000);
  accept(store, "x", { address: home6, key: "secret", progress }, 6_000);
  accept(store, "y", { event: "completed", isSeeder: true }, 7_000);
  const text = encodeReport(reported(store), 1_000.4);
  const { peers, ...swarm } = decodeReport(text, 500);
  assertEquals(swarm, {
    seederCount: 1,
    leecherCount: 1,
    bytesPerSecond: 0,
    openedAtMs: 5_500,
    contentLength: 3,
  });
  const [y, x] = peers;
  assertEquals(x, {
    peerId: peerId("x"),
    addresses: [home, home6],
    isSeeder: false,
    progress,
    bytesPerSecond: 0,
    lastSeenMs: 6_500,
    key: "secret",
    hasCompleted: false,
  });
  assertEquals([y?.isSeeder, y?.hasCompleted, y?.lastSeenMs], [
    ...[true, true, 7_500],
  ]);
});

Deno.test("what is no report is an error", () => {
  const store = memoryStore();
  accept(store, "x");
  const report = reported(store);
  const [peer] = report.peers;
  const malformed: unknown[] = [
    ...[null, 1, [], {}, { ...report, seederCount: "1" }],
    { ...report, openedAtMs: undefined },
    { ...report, peers: undefined },
    { ...report, peers: [{}] },
    { ...report, peers: [{ ...peer, peerId: "x" }] },
    { ...report, peers: [{ ...peer, lastSeenMs: null }] },
    { ...report, peers: [{ ...peer, progress: { uploaded: 1 } }] },
    { ...report, peers: [{ ...peer, addresses: [] }] },
    { ...report, peers: [{ ...peer, addresses: [{ hostname: "::1" }] }] },
  ];
  for (const value of malformed) {
    assertThrows(() => decodeReport(JSON.stringify(value), 0), Error);
  }
  for (const text of ["", "{", "[1", "\0"]) {
    assertThrows(() => decodeReport(text, 0), Error);
  }
});

Deno.test("a report names both roles, each for at least half of 200", () => {
  const named = (seeders: number, leechers: number): [number, number] => {
    const store = memoryStore();
    fill(store, seeders, leechers);
    const { peers, seederCount, leecherCount } = reported(store);
    assertEquals([seederCount, leecherCount], [seeders, leechers]);
    const count = peers.filter(({ isSeeder }) => isSeeder).length;
    return [count, peers.length - count];
  };
  assertEquals(named(150, 250), [100, 100]);
  assertEquals(named(250, 10), [190, 10]);
  assertEquals(named(1, 250), [1, 199]);
});

Deno.test("peers of a report are counted and listed, and the others counted", () => {
  const store = memoryStore();
  const other = memoryStore();
  fill(other, 150, 250);
  accept(store, "mine", { address: home });
  merge(store, reported(other));
  assertEquals(counts(store), "150 251 0");
  assertEquals(listed(store).length, 201);
  // A tracker does not report the peers of others.
  const { leecherCount, peers } = reported(store);
  assertEquals([leecherCount, peers.length], [1, 1]);
  // The next report takes the place of this one.
  for (let port = 10_000; port < 10_140; port++) {
    const address = { hostname: "192.0.2.1", port };
    accept(other, `${port}`, { address, event: "stopped" });
  }
  merge(store, reported(other));
  assertEquals(counts(store), "10 251 0");
  assertEquals(listed(store).length, 201);
  merge(store, undefined);
  assertEquals([counts(store), listed(store)], ["0 1 0", [
    `${home.hostname}:${home.port}`,
  ]]);
});

Deno.test("counts of peers that are not named go with the last that is", () => {
  const store = memoryStore();
  const other = memoryStore();
  fill(other, 0, 300);
  merge(store, reported(other));
  assertEquals(counts(store), "0 300 0");
  expireAll(store, 180_001);
  assertEquals(counts(store), "unknown");
  assertEquals(store.rows.count, 0);
});

Deno.test("a peer is the tracker's that heard of it last", () => {
  const store = memoryStore();
  const other = memoryStore();
  accept(other, "x", { address: home, key: "k" }, 0);
  accept(store, "x", { address: home, isSeeder: true }, 5_000);
  merge(store, reported(other));
  assertEquals([counts(store), reported(store).peers.length], ["1 0 0", 1]);
  accept(other, "x", { address: home, key: "k" }, 9_000);
  merge(store, reported(other));
  assertEquals([counts(store), reported(store).peers.length], ["0 1 0", 0]);
  // Its id is guarded by its key here too, and it may come back.
  accept(store, "x", { address: home6, key: "k" }, 10_000);
  assertEquals([counts(store), reported(store).peers.length], ["0 1 0", 1]);
  merge(store, undefined);
  assertEquals(counts(store), "0 1 0");
});

Deno.test("a newcomer at an endpoint replaces the peer of another tracker there", () => {
  for (const address of [home, home6]) {
    const store = memoryStore();
    const other = memoryStore();
    accept(store, "before", { address, isSeeder: true }, 0);
    accept(other, "restarted", { address }, 5_000);
    merge(store, reported(other));
    assertEquals([counts(store), listed(store).length], ["0 1 0", 1]);
    // A report of the one before comes late and changes nothing.
    const late = memoryStore();
    accept(late, "before", { address, isSeeder: true }, 1_000);
    merge(store, reported(late), "third");
    assertEquals([counts(store), listed(store).length], ["0 1 0", 1]);
    merge(store, undefined, "third");
    assertEquals(listed(store).length, 1);
  }
});

Deno.test("a full tracker takes no more peers and torrents from reports", () => {
  const other = memoryStore();
  fill(other, 1, 4);
  const full = memoryStore({ maxSwarmCount: 1 });
  accept(full, "x", { infoHash: infoHash("b") });
  merge(full, reported(other));
  assertEquals([counts(full, "a"), counts(full, "b")], ["unknown", "0 1 0"]);
  const small = memoryStore({ maxPeerCount: 3 });
  merge(small, reported(other));
  assertEquals([small.rows.count, listed(small).length], [3, 3]);
  assertEquals(counts(small), "1 2 0");
});

Deno.test("a leecher is given the peers of a report", () => {
  const store = memoryStore();
  const other = memoryStore();
  accept(other, "x", { address: home });
  merge(store, reported(other));
  assertEquals(addressesOf(accept(store, "y").peers), [home]);
});
