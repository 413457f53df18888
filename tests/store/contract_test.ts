/**
 * What every store promises, on each of them.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
} from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  infoHashFromBytes,
  peerIdFromBytes,
} from "../../lib/base/identifier.ts";
import { randomBelow, seededRandom } from "../../lib/base/random.ts";
import type { PeerStore } from "../../lib/tracker/peer_store.ts";
import { bytes, infoHash, peerId } from "../core/tracker/samples.ts";
import { temporaryFolder } from "../loopback/temporary_folder.ts";
import {
  accept,
  addresses,
  announceOf,
  counts,
  fill,
  open,
  ports,
  until,
} from "./scene.ts";
import { redisTest } from "./store_test_case.ts";

/** Opens an empty store with a timeout. */
type Opener = (peerTimeoutMs?: number) => Promise<PeerStore>;

const CASES: Readonly<Record<string, (open: Opener) => Promise<void>>> = {
  "counts a peer through its life": async (open) => {
    await using store = await open();
    assertEquals(await counts(store), "unknown");
    await accept(store, "x");
    assertEquals(await counts(store), "0 1 0");
    await accept(store, "x", { event: "update" });
    assertEquals(await counts(store), "0 1 0");
    await accept(store, "x", { event: "completed", isSeeder: true });
    assertEquals(await counts(store), "1 0 1");
    await accept(store, "x", { event: "completed", isSeeder: true }); // sent again
    assertEquals(await counts(store), "1 0 1");
    await accept(store, "x", { event: "update", isSeeder: false }); // lost its file
    assertEquals(await counts(store), "0 1 1");
    const last = await accept(store, "x", { event: "stopped" });
    assertEquals(addresses(last), []);
    assertEquals([last.swarm.complete, last.swarm.incomplete], [0, 0]);
    assertEquals(await counts(store), "0 0 1"); // downloads outlive the peers
    await accept(store, "y");
    assertEquals(await counts(store), "0 1 1");
  },

  "tells with each announce what a scrape tells": async (open) => {
    await using store = await open();
    await fill(store, 2, 3);
    const { swarm } = await accept(store, "x", {
      event: "completed",
      isSeeder: true,
    });
    assertEquals(swarm, {
      infoHash: infoHash("a"),
      complete: 3,
      incomplete: 3,
      downloaded: 1,
    });
    assertEquals(
      (await store.scrape([infoHash("b"), infoHash("a")])).map((entry) =>
        entry.infoHash
      ),
      [infoHash("a")],
    );
  },

  "learns of peers by any event, and of none by stopped": async (open) => {
    await using store = await open();
    await accept(store, "x", { event: "update" });
    await accept(store, "y", { event: "completed", isSeeder: true });
    await accept(store, "z", { event: "stopped" });
    assertEquals(await counts(store), "1 1 1");
  },

  "keeps swarms apart": async (open) => {
    await using store = await open();
    await accept(store, "x");
    const other = await accept(store, "x", { infoHash: infoHash("b") });
    assertEquals(addresses(other), []);
    await accept(store, "x", { event: "stopped" });
    assertEquals(await counts(store, infoHash("b")), "0 1 0");
  },

  "gives a leecher everyone else and a seeder the leechers alone": async (
    open,
  ) => {
    await using store = await open();
    await fill(store, 2, 3);
    const asLeecher = await accept(store, "20000", { port: 20_000 });
    assertEquals(ports(asLeecher), [10_000, 10_001, 20_001, 20_002]);
    const asSeeder = await accept(store, "10000", {
      isSeeder: true,
      port: 10_000,
    });
    assertEquals(ports(asSeeder), [20_000, 20_001, 20_002]);
  },

  "gives as many peers as wanted, seeders for half of them": async (open) => {
    const given = async (
      seeders: number,
      leechers: number,
      numwant: number,
    ): Promise<string> => {
      await using store = await open();
      const swarm = infoHash("0123456789"[numwant % 10]!);
      await fill(store, seeders, leechers, { infoHash: swarm });
      const asked = await accept(store, "asker", { numwant, infoHash: swarm });
      const all = ports(asked);
      assertEquals(new Set(all).size, all.length);
      await accept(store, "asker", { event: "stopped", infoHash: swarm });
      return `${all.filter((port) => port < 20_000).length} of ${all.length}`;
    };
    assertEquals(await given(100, 100, 50), "25 of 50");
    assertEquals(await given(100, 10, 52), "42 of 52"); // too few leechers
    assertEquals(await given(1, 100, 53), "1 of 53");
    assertEquals(await given(3, 3, 54), "3 of 6");
    assertEquals(await given(3, 3, 1), "1 of 1");
    assertEquals(await given(3, 3, 56), "3 of 6");
    assertEquals(await given(150, 150, 200 - 1), "100 of 199");
  },

  "gives nobody if none are wanted": async (open) => {
    await using store = await open();
    await fill(store, 3, 3);
    assertEquals(ports(await accept(store, "asker", { numwant: 0 })), []);
  },

  "gives everybody to somebody": async (open) => {
    await using store = await open();
    await fill(store, 0, 100);
    const given = new Set<number>();
    for (let round = 0; round < 300; round++) {
      const asked = await accept(store, "asker", {
        numwant: 10,
        hostname: `198.51.100.${round % 200 + 1}`,
        key: "secret",
      });
      for (const port of ports(asked)) given.add(port);
    }
    assertEquals(given.size, 100);
  },

  "gives half of those who are near, and others": async (open) => {
    await using store = await open();
    for (let index = 1; index <= 200; index++) {
      const hostname = `10.${index}.7.1`;
      await accept(store, `far${index}`, { hostname, numwant: 0 });
    }
    for (let index = 1; index <= 10; index++) {
      const hostname = `10.250.3.${index}`;
      await accept(store, `near${index}`, { hostname, numwant: 0 });
    }
    const asked = await accept(store, "asker", {
      hostname: "10.250.3.100",
      numwant: 30,
    });
    const near = addresses(asked).filter((text) => text.startsWith("10.250."));
    assertEquals([near.length, addresses(asked).length], [10, 30]);
  },

  "gives ids beside addresses if they are wanted": async (open) => {
    await using store = await open();
    await accept(store, "four", { port: 4444 });
    await accept(store, "six", { hostname: "2001:db8::6", port: 6666 });
    const { peers } = await accept(store, "asker", { wantsIds: true });
    assertEquals([peers.ipv4.length, peers.ipv6.length], [6, 18]);
    assertEquals(
      [
        peerIdFromBytes(peers.ids!.subarray(0, 20)),
        peerIdFromBytes(peers.ids!.subarray(20)),
      ],
      [peerId("four"), peerId("six")],
    );
    assertEquals((await accept(store, "asker")).peers.ids, undefined);
  },

  "lists one address of each family for a peer that announces from both":
    async (open) => {
      await using store = await open();
      await accept(store, "x", { key: "secret" });
      await accept(store, "x", { hostname: "2001:db8::1", key: "secret" });
      assertEquals(await counts(store), "0 1 0");
      assertEquals(addresses(await accept(store, "y")), [
        "192.0.2.1:6881",
        "[2001:db8::1]:6881",
      ]);
      const [described] = (await store.peers(infoHash("a"), 9))
        .filter((peer) => peer.peerId === peerId("x"));
      assertEquals(described?.addresses.length, 2);
    },

  "lets a peer move only with its key": async (open) => {
    await using store = await open();
    const elsewhere = { hostname: "192.0.2.66" };
    await accept(store, "keyed", { key: "secret" });
    await accept(store, "plain");
    const guesses = [
      ["keyed", "guess"],
      ["keyed", undefined],
      ["plain", undefined],
    ] as const;
    for (const [name, key] of guesses) {
      for (const event of ["update", "stopped"] as const) {
        assertEquals(
          await store.announce(
            announceOf(name, { ...elsewhere, key, event }),
            performance.now(),
          ),
          {
            type: "refused",
            reason: "the peer id is in use at another address",
          },
        );
      }
    }
    assertEquals(await counts(store), "0 2 0");
    await accept(store, "keyed", { ...elsewhere, key: "secret" });
    assertEquals(addresses(await accept(store, "plain")), ["192.0.2.66:6881"]);
  },

  "lets a peer at its old address change port and key": async (open) => {
    await using store = await open();
    await accept(store, "x", { key: "old" });
    await accept(store, "x", { key: "new", port: 7000 });
    assertEquals(ports(await accept(store, "y")), [7000]);
    await accept(store, "x", { key: "new", hostname: "192.0.2.9" });
    assertEquals(addresses(await accept(store, "y")), ["192.0.2.9:6881"]);
  },

  "counts those whom nobody is told of": async (open) => {
    await using store = await open();
    const hidden = [
      ["192.0.2.10", 22],
      ["192.0.2.11", 1023],
      ["224.0.0.1", 6881],
      ["0.0.0.0", 6881],
      ["ff02::1", 6881],
      ["fe80::1", 6881],
      ["::", 6881],
      ["127.0.0.1", 6881],
    ] as const;
    for (const [index, [hostname, port]] of hidden.entries()) {
      await accept(store, `hidden${index}`, { hostname, port });
    }
    await accept(store, "open", { port: 1024 });
    assertEquals(addresses(await accept(store, "asker")), ["192.0.2.1:1024"]);
    assertEquals(await counts(store), `0 ${hidden.length + 2} 0`);
    const here = await accept(store, "here", { hostname: "127.0.0.2" });
    assert(addresses(here).includes("127.0.0.1:6881"));
  },

  "forgets silent peers, and only those": async (open) => {
    const timeoutMs = 2_000;
    await using store = await open(timeoutMs);
    await accept(store, "silent", { key: "secret" });
    await accept(store, "silent", { infoHash: infoHash("b"), isSeeder: true });
    const isGone = async (): Promise<boolean> => {
      await accept(store, "lively", { event: "update", hostname: "192.0.2.2" });
      while (store.expire(performance.now()));
      return await counts(store) === "0 1 0";
    };
    const startMs = performance.now();
    assertEquals(await counts(store), "0 1 0");
    await until(isGone, "the silent peer is forgotten");
    assertGreaterOrEqual(performance.now() - startMs, timeoutMs - 50);
    await until(async () => {
      while (store.expire(performance.now()));
      return (await store.totals()).seederCount === 0;
    }, "it is forgotten in the other swarm");
    assertEquals((await store.totals()).leecherCount, 1);
    // Who was forgotten may come back from anywhere.
    await accept(store, "silent", { hostname: "192.0.2.3" });
  },

  "describes swarms and peers": async (open) => {
    await using store = await open();
    await accept(store, "x", {
      progress: { uploaded: 5, downloaded: 0, left: 4_000_000 },
    });
    await accept(store, "y", { isSeeder: true, hostname: "192.0.2.2" });
    await accept(store, "z", { infoHash: infoHash("b"), isSeeder: true });
    await accept(store, "z", { infoHash: infoHash("b"), event: "completed" });
    await accept(store, "z", { infoHash: infoHash("b"), event: "stopped" });
    // Closer announces tell nothing of a speed.
    await delay(1_100);
    await accept(store, "x", {
      event: "update",
      progress: { uploaded: 6, downloaded: 3_000_000, left: 1_000_000 },
    });
    const swarms = new Map(
      Array.from(await store.swarms(), (swarm) => [swarm.infoHash, swarm]),
    );
    const swarm = swarms.get(infoHash("a"))!;
    assertEquals([swarm.complete, swarm.incomplete], [1, 1]);
    assertEquals(swarm.contentLength, 4_000_000);
    assertGreaterOrEqual(swarm.bytesPerSecond, 30_000);
    assertLess(swarm.bytesPerSecond, 3_000_000);
    assertEquals(swarms.get(infoHash("b"))?.downloaded, 1);
    assertEquals([...swarms.keys()][0], infoHash("a")); // those with peers first

    const peers = await store.peers(infoHash("a"), 10);
    const x = peers.find((peer) => peer.peerId === peerId("x"))!;
    assertEquals(x.progress, {
      uploaded: 6,
      downloaded: 3_000_000,
      left: 1_000_000,
    });
    assertEquals([x.isSeeder, x.bytesPerSecond], [false, swarm.bytesPerSecond]);
    assertEquals(x.addresses, [{ hostname: "192.0.2.1", port: 6881 }]);
    assertLess(Math.abs(performance.now() - x.lastSeenMs), 10_000);
    assert(peers.find((peer) => peer.peerId === peerId("y"))!.isSeeder);
    assertEquals((await store.peers(infoHash("a"), 1)).length, 1);
    assertEquals(await store.peers(infoHash("c"), 1), []);

    const totals = await store.totals();
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
    const first = await accept(store, "x");
    assertLess(first.swarmAgeMs, 10_000);
    await delay(50);
    const second = await accept(store, "y", { infoHash: infoHash("a") });
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
      await accept(store, "ignored", {
        infoHash: infoHashFromBytes(identifier),
        peerId: peerIdFromBytes(identifier.toReversed()),
        progress: { uploaded: most, downloaded: most, left: most },
        key: "ff".repeat(64),
        numwant: 200,
      });
    }
    for (const name of names) {
      const identifier = bytes(name.padEnd(20, "\0"));
      await accept(store, "ignored", {
        peerId: peerIdFromBytes(identifier),
        infoHash: infoHashFromBytes(identifier),
        event: "completed",
        key: "'",
      });
      assertEquals(
        await counts(store, infoHashFromBytes(identifier)),
        "0 1 1",
      );
    }
    await accept(store, "ignored", {
      infoHash: infoHashFromBytes(everyByte.subarray(0, 20)),
      peerId: peerIdFromBytes(everyByte.subarray(0, 20)),
      progress: { uploaded: 0, downloaded: 0, left: 0 },
      hostname: "no address",
    });
    const swarms = [...await store.swarms()];
    assertEquals(swarms.length, 15);
    assertEquals(
      Math.max(...swarms.map((swarm) => swarm.contentLength!)),
      most,
    );
    assertEquals((await store.totals()).leecherCount, 16);
  },

  "keeps its counts equal to a plain list's through random announces (seed 4)":
    async (open) => {
      const random = seededRandom(4);
      await using store = await open();
      const events = ["started", "update", "completed", "stopped"] as const;
      const model = new Map<string, boolean>();
      for (let round = 1; round <= 3_000; round++) {
        const name = `${randomBelow(60, random)}`;
        const digit = "abc"[randomBelow(3, random)]!;
        const event = events[randomBelow(events.length, random)]!;
        const isSeeder = random() < 0.5;
        await accept(store, name, {
          infoHash: infoHash(digit),
          event,
          isSeeder,
          port: 2_000 + randomBelow(50, random),
        });
        if (event === "stopped") model.delete(`${digit} ${name}`);
        else model.set(`${digit} ${name}`, isSeeder);
        if (round % 500 !== 0) continue;
        const seeders = [...model.values()].filter(Boolean).length;
        const { seederCount, leecherCount } = await store.totals();
        assertEquals(
          [seederCount, leecherCount],
          [seeders, model.size - seeders],
        );
        for (const swarm of await store.swarms()) {
          const peers = await store.peers(swarm.infoHash, 1_000);
          assertEquals(peers.length, swarm.complete + swarm.incomplete);
          assertEquals(
            peers.filter((peer) => peer.isSeeder).length,
            swarm.complete,
          );
        }
      }
    },
};

for (const [name, run] of Object.entries(CASES)) {
  Deno.test(`the memory's store ${name}`, () =>
    run((peerTimeoutMs) => open("memory", timeout(peerTimeoutMs))));

  Deno.test(`SQLite's store ${name}`, async () => {
    await using folder = await temporaryFolder();
    let count = 0;
    await run((peerTimeoutMs) =>
      open(
        `sqlite:${join(folder.path, `${count++}.db`)}`,
        timeout(peerTimeoutMs),
      )
    );
  });

  redisTest(`Redis's store ${name}`, async (redis) => {
    await run(async (peerTimeoutMs) => {
      await redis.command("FLUSHALL");
      return await open(redis.url, timeout(peerTimeoutMs));
    });
  });
}

function timeout(peerTimeoutMs = 180_000): { peerTimeoutMs: number } {
  return { peerTimeoutMs };
}
