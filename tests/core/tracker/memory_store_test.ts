import { assert, assertEquals } from "@std/assert";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import type {
  AnnounceOutcome,
  PeerAnnounce,
  SwarmChange,
} from "../../../lib/tracker/peer_store.ts";
import {
  MemoryStore,
  type MemoryStoreOptions,
} from "../../../lib/tracker/memory_store.ts";
import { addressesOf, infoHash, peerAnnounce, peerId } from "./samples.ts";

function memoryStore(
  options: Partial<MemoryStoreOptions> = {},
): MemoryStore {
  return new MemoryStore({
    peerTimeoutMs: 180_000,
    random: seededRandom(1),
    ...options,
  });
}

type Accepted = AnnounceOutcome & { type: "accepted" };

/** Announces at second 0 unless said otherwise; fails the test if refused. */
function accept(
  store: MemoryStore,
  name: string,
  changes: Partial<PeerAnnounce> = {},
  nowMs = 0,
): Accepted {
  const outcome = store.announce(peerAnnounce(name, changes), nowMs);
  assert(outcome.type === "accepted", JSON.stringify(outcome));
  return outcome;
}

/** `1 seeders 2 leechers 3 downloads` of swarm "a" as "1 2 3". */
function counts(store: MemoryStore, digit = "a"): string {
  const [swarm] = store.scrape([infoHash(digit)]);
  return swarm === undefined
    ? "unknown"
    : `${swarm.complete} ${swarm.incomplete} ${swarm.downloaded}`;
}

/** The numbers of the peers that were given out, in order: peer `n` listens on port `n`. */
function ports(outcome: Accepted): number[] {
  return addressesOf(outcome.peers).map(({ port }) => port).sort((a, b) =>
    a - b
  );
}

/** Fills swarm "a" with seeders on ports from 1000 and leechers on ports from 2000. */
function fill(store: MemoryStore, seeders: number, leechers: number): void {
  const join = (port: number, isSeeder: boolean): void => {
    const address = { hostname: "192.0.2.1", port };
    accept(store, `${port}`, { address, isSeeder });
  };
  for (let index = 0; index < seeders; index++) join(1000 + index, true);
  for (let index = 0; index < leechers; index++) join(2000 + index, false);
}

Deno.test("MemoryStore counts a peer through its life", () => {
  const store = memoryStore();
  assertEquals(counts(store), "unknown");
  accept(store, "x");
  assertEquals(counts(store), "0 1 0");
  accept(store, "x", { event: "update" });
  assertEquals(counts(store), "0 1 0");
  accept(store, "x", { event: "completed", isSeeder: true });
  assertEquals(counts(store), "1 0 1");
  accept(store, "x", { event: "completed", isSeeder: true }); // sent again
  assertEquals(counts(store), "1 0 1");
  accept(store, "x", { event: "update", isSeeder: false }); // lost its file
  assertEquals(counts(store), "0 1 1");
  const last = accept(store, "x", { event: "stopped" });
  assertEquals(addressesOf(last.peers), []);
  assertEquals(last.swarm.incomplete, 0);
  assertEquals(counts(store), "0 0 1"); // downloads outlive the peers
  assertEquals(store.totals(), {
    activeSwarmCount: 0,
    seederCount: 0,
    leecherCount: 0,
    downloadCount: 1,
    bytesPerSecond: 0,
  });
});

Deno.test("MemoryStore learns of peers by any event, and of none by stopped", () => {
  const store = memoryStore();
  accept(store, "x", { event: "update" });
  accept(store, "y", { event: "completed", isSeeder: true });
  accept(store, "z", { event: "stopped" });
  assertEquals(counts(store), "1 1 1");
  accept(store, "z", { infoHash: infoHash("b"), event: "stopped" });
  assertEquals(counts(store, "b"), "unknown");
});

Deno.test("MemoryStore keeps swarms apart", () => {
  const store = memoryStore();
  accept(store, "x");
  const other = accept(store, "x", { infoHash: infoHash("b") });
  assertEquals(addressesOf(other.peers), []);
  accept(store, "x", { event: "stopped" });
  assertEquals([counts(store, "a"), counts(store, "b")], ["unknown", "0 1 0"]);
});

Deno.test("MemoryStore gives a leecher everyone else and a seeder the leechers alone", () => {
  const store = memoryStore();
  fill(store, 2, 3);
  const asLeecher = accept(store, "2000", {
    address: { hostname: "192.0.2.1", port: 2000 },
  });
  assertEquals(ports(asLeecher), [1000, 1001, 2001, 2002]);
  const asSeeder = accept(store, "1000", {
    isSeeder: true,
    address: { hostname: "192.0.2.1", port: 1000 },
  });
  assertEquals(ports(asSeeder), [2000, 2001, 2002]);
});

Deno.test("MemoryStore gives as many peers as wanted, seeders for half of them", () => {
  const seederCount = (
    seeders: number,
    leechers: number,
    numwant: number,
  ): string => {
    const store = memoryStore();
    fill(store, seeders, leechers);
    const given = ports(accept(store, "asker", { numwant }));
    return `${given.filter((port) => port < 2000).length} of ${given.length}`;
  };
  assertEquals(seederCount(100, 100, 50), "25 of 50");
  assertEquals(seederCount(100, 10, 50), "40 of 50"); // too few leechers
  assertEquals(seederCount(1, 100, 50), "1 of 50");
  assertEquals(seederCount(3, 3, 50), "3 of 6");
  assertEquals(seederCount(3, 3, 1), "1 of 1");
  assertEquals(seederCount(3, 3, 0), "0 of 0");
});

Deno.test("MemoryStore gives everybody to somebody", () => {
  const store = memoryStore();
  fill(store, 0, 100);
  const given = new Set<number>();
  for (let round = 0; round < 100; round++) {
    for (const port of ports(accept(store, "asker", { numwant: 10 }))) {
      given.add(port);
    }
  }
  assertEquals(given.size, 100);
});

Deno.test("MemoryStore forgets silent peers, and only those", () => {
  const store = memoryStore();
  accept(store, "early", {}, 0);
  accept(store, "late", {}, 60_000);
  accept(store, "other", { infoHash: infoHash("b"), isSeeder: true }, 0);
  accept(store, "early", { event: "update" }, 100_000);
  store.expire(180_000);
  assertEquals([counts(store, "a"), counts(store, "b")], ["0 2 0", "1 0 0"]);
  store.expire(180_001);
  assertEquals([counts(store, "a"), counts(store, "b")], ["0 2 0", "unknown"]);
  store.expire(240_001);
  assertEquals(counts(store, "a"), "0 1 0");
  store.expire(280_001);
  assertEquals(counts(store, "a"), "unknown");
  assertEquals(store.totals().leecherCount, 0);
});

Deno.test("MemoryStore lists one address of each family for a peer that announces from both", () => {
  const store = memoryStore();
  const ipv4 = { hostname: "192.0.2.1", port: 1 };
  const ipv6 = { hostname: "2001:db8::1", port: 1 };
  accept(store, "x", { address: ipv4, key: "secret" });
  accept(store, "x", { address: ipv6, key: "secret" });
  assertEquals(counts(store), "0 1 0");
  assertEquals(addressesOf(accept(store, "y").peers), [ipv4, ipv6]);
});

Deno.test("MemoryStore lets a peer move only with its key", () => {
  const elsewhere = { hostname: "192.0.2.66", port: 6881 };
  const store = memoryStore();
  accept(store, "keyed", { key: "secret" });
  accept(store, "plain");
  for (
    const [name, key] of [["keyed", "guess"], ["keyed", undefined], [
      "plain",
      undefined,
    ]] as const
  ) {
    for (const event of ["update", "stopped"] as const) {
      const announce = peerAnnounce(name, { key, event, address: elsewhere });
      assertEquals(store.announce(announce, 0), {
        type: "refused",
        reason: "the peer id is in use at another address",
      });
    }
  }
  accept(store, "keyed", { key: "secret", address: elsewhere });
  const keyed = store.peers(infoHash("a"), 9)
    .find((peer) => peer.peerId === peerId("keyed"));
  assertEquals(keyed?.addresses, [elsewhere]);
});

Deno.test("MemoryStore lets a peer at its old address change port and key", () => {
  const store = memoryStore();
  accept(store, "x", { key: "old" });
  const address = { hostname: "192.0.2.1", port: 7000 };
  accept(store, "x", { key: "new", address });
  assertEquals(ports(accept(store, "y")), [7000]);
});

Deno.test("MemoryStore refuses more peers and torrents than its limits, and no known peer", () => {
  const store = memoryStore({ maxPeerCount: 3, maxSwarmCount: 2 });
  accept(store, "x");
  accept(store, "x", { infoHash: infoHash("b") });
  assertEquals(
    store.announce(peerAnnounce("x", { infoHash: infoHash("c") }), 0),
    { type: "refused", reason: "the tracker is full with 2 torrents" },
  );
  accept(store, "y");
  assertEquals(store.announce(peerAnnounce("z"), 0), {
    type: "refused",
    reason: "the tracker is full with 3 peers",
  });
  accept(store, "x", { event: "update" });
  accept(store, "y", { event: "stopped" });
  accept(store, "z");
});

Deno.test("MemoryStore remembers downloads when the peers come back", () => {
  const store = memoryStore();
  accept(store, "x", { event: "completed", isSeeder: true });
  accept(store, "x", { event: "stopped" });
  assertEquals([...store.swarms()].map(({ downloaded }) => downloaded), [1]);
  accept(store, "y");
  assertEquals(counts(store), "0 1 1");
});

Deno.test("MemoryStore tells of joins, completions, departures and silence with the counts after them", () => {
  const changes: string[] = [];
  const store = memoryStore({
    onChange: ({ type, address, swarm }: SwarmChange) =>
      changes.push(
        `${type} ${address.port}: ${swarm.complete} ${swarm.incomplete}`,
      ),
  });
  accept(store, "x");
  accept(store, "x", { event: "update" });
  accept(store, "x", { event: "completed", isSeeder: true });
  accept(store, "y", { address: { hostname: "192.0.2.2", port: 7 } });
  accept(store, "x", { event: "stopped" });
  store.expire(180_001);
  assertEquals(changes, [
    "joined 6881: 0 1",
    "completed 6881: 1 0",
    "joined 7: 1 1",
    "left 6881: 0 1",
    "expired 7: 0 0",
  ]);
});

Deno.test("MemoryStore keeps its counts equal to a plain list's through random announces (seed 4)", () => {
  const random = seededRandom(4);
  const store = memoryStore({ random });
  const events = ["started", "update", "completed", "stopped"] as const;
  const model = new Map<string, { isSeeder: boolean; seenMs: number }>();
  for (let round = 0; round < 20_000; round++) {
    const nowMs = round * 1_000;
    const name = `${randomBelow(300, random)}`;
    const digit = "abc"[randomBelow(3, random)]!;
    const event = events[randomBelow(events.length, random)]!;
    const isSeeder = random() < 0.5;
    accept(store, name, { infoHash: infoHash(digit), event, isSeeder }, nowMs);
    if (event === "stopped") model.delete(`${digit} ${name}`);
    else model.set(`${digit} ${name}`, { isSeeder, seenMs: nowMs });
    if (round % 500 !== 0) continue;
    store.expire(nowMs);
    for (const [key, { seenMs }] of model) {
      if (seenMs < nowMs - 180_000) model.delete(key);
    }
    const seeders = [...model.values()].filter((peer) => peer.isSeeder).length;
    const { seederCount, leecherCount } = store.totals();
    assertEquals([seederCount, leecherCount], [seeders, model.size - seeders]);
    let complete = 0;
    for (const swarm of store.swarms()) complete += swarm.complete;
    assertEquals(complete, seeders);
  }
});
