import { assertEquals, assertThrows } from "@std/assert";
import {
  mergeReport,
  type PeerReport,
  readReports,
  reportOf,
} from "../../../../lib/tracker/store/peer_report.ts";
import type { MemoryStore } from "../../../../lib/tracker/store/memory_store.ts";
import { addressesOf, infoHash, peerId } from "../../announce/samples.ts";
import {
  accept,
  counts,
  expireAll,
  fill,
  memoryStore,
} from "./memory_scene.ts";

/** The reports of a tracker about its peers in swarm "a". */
function reported(store: MemoryStore): PeerReport[] {
  return store.peers(infoHash("a"), 1_000).map(({ peerId }) =>
    reportOf(store, { infoHash: infoHash("a"), peerId, downloadCount: 0 }, {
      nowMs: NOW_MS,
    })
  ).filter((report) => report !== undefined);
}

/** The time at which trackers report. */
const NOW_MS = 10_000;

/** Merges what another tracker reported then. */
function merge(
  store: MemoryStore,
  reports: readonly PeerReport[],
  tracker = "other",
): void {
  for (const report of reports) {
    mergeReport(store, report, { tracker, writtenAtMs: NOW_MS });
  }
}

/** The report of peers that left. */
function left(reports: readonly PeerReport[]): PeerReport[] {
  return reports.map((report) => ({ ...report, state: undefined }));
}

/** The names of the peers that a tracker lists, with the ports that they have. */
function listed(store: MemoryStore): string[] {
  return store.peers(infoHash("a"), 1_000)
    .flatMap(({ addresses }) => addresses)
    .map(({ hostname, port }) => `${hostname}:${port}`).sort();
}

const home = { hostname: "192.0.2.7", port: 7000 };
const home6 = { hostname: "2001:db8::7", port: 7000 };

Deno.test("a report is merged as it was written, on the reader's clock", () => {
  const store = memoryStore();
  const progress = { uploaded: 1, downloaded: 2, left: 3 };
  accept(store, "x", { address: home, key: "secret", progress }, 5_000);
  accept(store, "x", { address: home6, key: "secret", progress }, 6_000);
  accept(store, "y", { event: "completed", isSeeder: true }, 7_000);
  const reports = readReports(JSON.stringify(reported(store)));
  const other = memoryStore();
  for (const report of reports) {
    mergeReport(other, report, { tracker: "other", writtenAtMs: 500_000 });
  }
  const shifted = store.peers(infoHash("a"), 9).map((peer) => ({
    ...peer,
    lastSeenMs: peer.lastSeenMs + 490_000,
  }));
  assertEquals(other.peers(infoHash("a"), 9), shifted);
  assertEquals([...other.swarms()], [{
    ...[...store.swarms()][0]!,
    downloaded: 0, // counted in Redis
  }]);
  const { swarmAgeMs } = accept(other, "z", {}, 500_000);
  assertEquals(swarmAgeMs, 5_000);
  // Its key came with it, and that it was counted.
  const moved = { address: { ...home, port: 7001 }, key: "secret" };
  accept(other, "x", moved, 500_000);
  accept(other, "y", { event: "completed", isSeeder: true }, 500_000);
  assertEquals(counts(other), "1 2 0");
});

Deno.test("what is no report is an error", () => {
  const store = memoryStore();
  accept(store, "x");
  const [report] = reported(store);
  const { state } = report!;
  const withState = (changes: object): unknown[] => [
    { ...report, state: { ...state, ...changes } },
  ];
  const malformed: unknown[] = [
    ...[null, 1, {}, [null], [{}], [{ ...report, infoHash: "x" }]],
    ...[[{ ...report, peerId: "x" }], [{ ...report, downloadCount: "1" }]],
    ...[[{ ...report, state: null }], [{ ...report, state: {} }]],
    withState({ silentMs: null }),
    withState({ swarmAgeMs: undefined }),
    withState({ contentLength: "3" }),
    withState({ values: [1, 2, 3] }),
    withState({ values: ["1", 2, 3, 4, 5, 6] }),
    withState({ addresses: [] }),
    withState({ addresses: [{ hostname: "::1" }] }),
    withState({ addresses: [home, { hostname: "::1" }] }),
  ];
  for (const value of malformed) {
    assertThrows(() => readReports(JSON.stringify(value)), Error);
  }
  for (const text of ["", "{", "[1", "\0"]) {
    assertThrows(() => readReports(text), Error);
  }
});

Deno.test("peers of a report are counted and listed until they leave", () => {
  const store = memoryStore();
  const other = memoryStore();
  fill(other, 150, 250);
  accept(store, "mine", { address: home });
  const reports = reported(other);
  merge(store, reports);
  assertEquals(counts(store), "150 251 0");
  assertEquals(listed(store).length, 401);
  // A tracker does not report the peers of others.
  assertEquals(reported(store).length, 1);
  // The same again changes nothing, and what another tracker says neither.
  merge(store, reports);
  merge(store, left(reports), "third");
  assertEquals(counts(store), "150 251 0");
  const gone = accept(other, "10000", {
    address: { hostname: "192.0.2.1", port: 10_000 },
    event: "stopped",
  });
  assertEquals(gone.swarm.complete, 149);
  const name = { infoHash: infoHash("a"), peerId: peerId("10000") };
  const report = reportOf(other, { ...name, downloadCount: 0 }, { nowMs: 0 });
  merge(store, [report!]);
  assertEquals(counts(store), "149 251 0");
  merge(store, left(reports));
  assertEquals([counts(store), listed(store)], ["0 1 0", [
    `${home.hostname}:${home.port}`,
  ]]);
});

Deno.test("peers of a tracker that reports no more expire", () => {
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
  assertEquals([counts(store), reported(store).length], ["1 0 0", 1]);
  accept(other, "x", { address: home, key: "k" }, 9_000);
  merge(store, reported(other));
  assertEquals([counts(store), reported(store).length], ["0 1 0", 0]);
  // Its id is guarded by its key here too, and it may come back.
  accept(store, "x", { address: home6, key: "k" }, 10_000);
  assertEquals([counts(store), reported(store).length], ["0 1 0", 1]);
  merge(store, left(reported(other)));
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
    merge(store, left(reported(late)), "third");
    assertEquals(listed(store).length, 1);
  }
});

Deno.test("a full tracker takes no more peers and torrents from reports", () => {
  const other = memoryStore();
  fill(other, 1, 4);
  const full = memoryStore({ maxSwarmCount: 1 });
  accept(full, "x", { infoHash: infoHash("b") });
  merge(full, reported(other));
  assertEquals([counts(full, infoHash("a")), counts(full, infoHash("b"))], [
    "unknown",
    "0 1 0",
  ]);
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
