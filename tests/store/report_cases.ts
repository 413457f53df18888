/**
 * Promises of every store about time, reports and misbehaving clients.
 */
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
} from "@std/assert";
import { delay } from "@std/async/delay";
import { UNKNOWN_LEFT } from "../../lib/announce/announce.ts";
import {
  infoHashFromBytes,
  peerIdFromBytes,
} from "../../lib/base/identifier.ts";
import { randomBelow, seededRandom } from "../../lib/base/random.ts";
import { bytes, infoHash, peerId, portOf } from "../core/announce/samples.ts";
import { accept, counts, type StoreCases } from "./scene.ts";
import { until } from "../until.ts";

export const REPORT_CASES: StoreCases = {
  "forgets silent peers, and only those": async (open) => {
    const timeoutMs = 2_000;
    await using store = await open(timeoutMs);
    const startMs = performance.now();
    accept(store, "silent", { key: "secret" });
    accept(store, "silent", { infoHash: infoHash("b"), isSeeder: true });
    const expire = (): void => {
      accept(store, "lively", { event: "update", hostname: "192.0.2.2" });
      while (store.expire(performance.now()));
    };
    assertEquals(counts(store), "0 1 0");
    await until(() => {
      expire();
      return counts(store) === "0 1 0";
    }, "the silent peer is forgotten");
    assertGreaterOrEqual(performance.now() - startMs, timeoutMs - 50);
    await until(() => {
      expire();
      return store.totals().seederCount === 0;
    }, "it is forgotten in the other swarm");
    assertEquals(store.totals().leecherCount, 1);
    // A removed peer may come back from any address.
    accept(store, "silent", { hostname: "192.0.2.3" });
  },

  "describes swarms and peers": async (open) => {
    await using store = await open();
    accept(store, "x", {
      progress: { uploaded: 5, downloaded: 0, left: 4_000_000 },
    });
    accept(store, "y", { isSeeder: true, hostname: "192.0.2.2" });
    accept(store, "z", { infoHash: infoHash("b"), isSeeder: true });
    accept(store, "z", { infoHash: infoHash("b"), event: "completed" });
    accept(store, "z", { infoHash: infoHash("b"), event: "stopped" });
    // Closer announces tell nothing of a speed.
    await delay(1_100);
    accept(store, "x", {
      event: "update",
      progress: { uploaded: 6, downloaded: 3_000_000, left: 1_000_000 },
    });
    const swarms = new Map(
      Array.from(store.swarms(), (swarm) => [swarm.infoHash, swarm]),
    );
    const swarm = swarms.get(infoHash("a"))!;
    assertEquals([swarm.complete, swarm.incomplete], [1, 1]);
    assertEquals(swarm.contentLength, 4_000_000);
    assertGreaterOrEqual(swarm.bytesPerSecond, 30_000);
    assertLess(swarm.bytesPerSecond, 3_000_000);
    assertEquals(swarms.get(infoHash("b"))?.downloaded, 1);
    assertEquals([...swarms.keys()][0], infoHash("a")); // those with peers first

    const peers = store.peers(infoHash("a"), 10);
    const x = peers.find((peer) => peer.peerId === peerId("x"))!;
    assertEquals(x.progress, {
      uploaded: 6,
      downloaded: 3_000_000,
      left: 1_000_000,
    });
    assertEquals([x.isSeeder, x.bytesPerSecond], [false, swarm.bytesPerSecond]);
    assertEquals(x.addresses, [{ hostname: "192.0.2.1", port: portOf("x") }]);
    assertLess(Math.abs(performance.now() - x.lastSeenMs), 10_000);
    assert(peers.find((peer) => peer.peerId === peerId("y"))!.isSeeder);
    assertEquals(store.peers(infoHash("a"), 1).length, 1);
    assertEquals(store.peers(infoHash("c"), 1), []);

    const totals = store.totals();
    assertEquals(totals, {
      activeSwarmCount: 1,
      seederCount: 1,
      leecherCount: 1,
      downloadCount: 1,
      bytesPerSecond: swarm.bytesPerSecond,
    });
  },

  "says how old a swarm is and how many peers there are": async (open) => {
    await using store = await open();
    const first = accept(store, "x");
    assertLess(first.swarmAgeMs, 10_000);
    await delay(50);
    const second = accept(store, "y", { infoHash: infoHash("a") });
    assertGreaterOrEqual(second.swarmAgeMs, 40);
    assertGreaterOrEqual(second.peerCount, 2);
  },

  "takes whatever bytes and numbers a stranger sends": async (open) => {
    await using store = await open();
    const everyByte = Uint8Array.from({ length: 260 }, (_, index) => index);
    const most = Number.MAX_SAFE_INTEGER;
    const names = [
      "\r\n$-1\r\n*3\r\n\0\xff%[(}*",
      "KEYS[1]'\"\\;--lua0",
      "*?[a]^$",
    ];
    for (let start = 0; start < 240; start += 20) {
      const identifier = everyByte.subarray(start, start + 20);
      accept(store, "ignored", {
        infoHash: infoHashFromBytes(identifier),
        peerId: peerIdFromBytes(identifier.toReversed()),
        progress: { uploaded: most, downloaded: most, left: most - 1 },
        key: "ff".repeat(64),
        numwant: 200,
      });
    }
    for (const name of names) {
      const identifier = bytes(name.padEnd(20, "\0"));
      accept(store, "ignored", {
        peerId: peerIdFromBytes(identifier),
        infoHash: infoHashFromBytes(identifier),
        event: "completed",
        key: "'",
      });
      assertEquals(
        counts(store, infoHashFromBytes(identifier)),
        "0 1 1",
      );
    }
    accept(store, "ignored", {
      infoHash: infoHashFromBytes(everyByte.subarray(0, 20)),
      peerId: peerIdFromBytes(everyByte.subarray(0, 20)),
      left: UNKNOWN_LEFT,
      hostname: "no address",
    });
    const swarms = [...store.swarms()];
    assertEquals(swarms.length, 15);
    assertEquals(
      Math.max(...swarms.map((swarm) => swarm.contentLength!)),
      most - 1,
    );
    assertEquals(store.totals().leecherCount, 16);
  },

  "keeps its counts equal to a plain list's through random announces (seed 4)":
    async (open) => {
      const random = seededRandom(4);
      await using store = await open();
      const events = ["started", "update", "completed", "stopped"] as const;
      const model = new Map<string, { isSeeder: boolean; port: number }>();
      for (let round = 1; round <= 3_000; round++) {
        const name = `${randomBelow(60, random)}`;
        const digit = "abc"[randomBelow(3, random)]!;
        const event = events[randomBelow(events.length, random)]!;
        const isSeeder = random() < 0.5;
        const port = 2_000 + randomBelow(50, random);
        const swarm = infoHash(digit);
        accept(store, name, { infoHash: swarm, event, isSeeder, port });
        const key = `${digit} ${name}`;
        model.delete(key);
        if (event !== "stopped") {
          for (const [other, peer] of model) {
            if (other[0] === digit && peer.port === port) model.delete(other);
          }
          model.set(key, { isSeeder, port });
        }
        if (round % 500 !== 0) continue;
        const seeders = [...model.values()].filter(({ isSeeder }) => isSeeder)
          .length;
        const { seederCount, leecherCount } = store.totals();
        assertEquals(
          [seederCount, leecherCount],
          [seeders, model.size - seeders],
        );
        for (const swarm of store.swarms()) {
          const peers = store.peers(swarm.infoHash, 1_000);
          assertEquals(peers.length, swarm.complete + swarm.incomplete);
          assertEquals(
            peers.filter((peer) => peer.isSeeder).length,
            swarm.complete,
          );
        }
      }
    },
};
