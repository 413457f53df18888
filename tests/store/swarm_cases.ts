/**
 * Promises of every store about its swarms: the peers that are counted and returned.
 */
import { assert, assertEquals } from "@std/assert";
import { peerIdFromBytes } from "../../lib/base/identifier.ts";
import {
  infoHash,
  peerAnnounce,
  peerId,
  portOf,
} from "../core/announce/samples.ts";
import {
  accept,
  addresses,
  counts,
  fill,
  ports,
  type StoreCases,
} from "./scene.ts";

export const SWARM_CASES: StoreCases = {
  "counts a peer through its life": async (open) => {
    await using store = await open();
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
    assertEquals(addresses(last), []);
    assertEquals([last.swarm.complete, last.swarm.incomplete], [0, 0]);
    assertEquals(counts(store), "0 0 1"); // downloads outlive the peers
    accept(store, "y");
    assertEquals(counts(store), "0 1 1");
  },

  "tells with each announce what a scrape tells": async (open) => {
    await using store = await open();
    fill(store, 2, 3);
    const { swarm } = accept(store, "x", {
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
      (store.scrape([infoHash("b"), infoHash("a")])).map((entry) =>
        entry.infoHash
      ),
      [infoHash("a")],
    );
  },

  "learns of peers by any event, and of none by stopped": async (open) => {
    await using store = await open();
    accept(store, "x", { event: "update" });
    accept(store, "y", { event: "completed", isSeeder: true });
    accept(store, "z", { event: "stopped" });
    assertEquals(counts(store), "1 1 1");
  },

  "keeps swarms apart": async (open) => {
    await using store = await open();
    accept(store, "x");
    const other = accept(store, "x", { infoHash: infoHash("b") });
    assertEquals(addresses(other), []);
    accept(store, "x", { event: "stopped" });
    assertEquals(counts(store, infoHash("b")), "0 1 0");
  },

  "gives a leecher everyone else and a seeder the leechers alone": async (
    open,
  ) => {
    await using store = await open();
    fill(store, 2, 3);
    const asLeecher = accept(store, "20000", { port: 20_000 });
    assertEquals(ports(asLeecher), [10_000, 10_001, 20_001, 20_002]);
    const asSeeder = accept(store, "10000", {
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
      fill(store, seeders, leechers, { infoHash: swarm });
      const asked = accept(store, "asker", { numwant, infoHash: swarm });
      const all = ports(asked);
      assertEquals(new Set(all).size, all.length);
      accept(store, "asker", { event: "stopped", infoHash: swarm });
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
    fill(store, 3, 3);
    assertEquals(ports(accept(store, "asker", { numwant: 0 })), []);
  },

  "gives everybody to somebody": async (open) => {
    await using store = await open();
    fill(store, 0, 100);
    const given = new Set<number>();
    for (let round = 0; round < 300; round++) {
      const asked = accept(store, "asker", {
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
      accept(store, `far${index}`, { hostname, numwant: 0 });
    }
    for (let index = 1; index <= 10; index++) {
      const hostname = `10.250.3.${index}`;
      accept(store, `near${index}`, { hostname, numwant: 0 });
    }
    const asked = accept(store, "asker", {
      hostname: "10.250.3.100",
      numwant: 30,
    });
    const near = addresses(asked).filter((text) => text.startsWith("10.250."));
    assertEquals([near.length, addresses(asked).length], [10, 30]);
  },

  "gives ids beside addresses if they are wanted": async (open) => {
    await using store = await open();
    accept(store, "four", { port: 4444 });
    accept(store, "six", { hostname: "2001:db8::6", port: 6666 });
    const { peers } = accept(store, "asker", { wantsIds: true });
    assertEquals([peers.ipv4.length, peers.ipv6.length], [6, 18]);
    assertEquals(
      [
        peerIdFromBytes(peers.ids!.subarray(0, 20)),
        peerIdFromBytes(peers.ids!.subarray(20)),
      ],
      [peerId("four"), peerId("six")],
    );
    assertEquals((accept(store, "asker")).peers.ids, undefined);
  },

  "lists one address of each family for a peer that announces from both":
    async (open) => {
      await using store = await open();
      accept(store, "x", { key: "secret" });
      accept(store, "x", { hostname: "2001:db8::1", key: "secret" });
      assertEquals(counts(store), "0 1 0");
      assertEquals(addresses(accept(store, "y")), [
        `192.0.2.1:${portOf("x")}`,
        `[2001:db8::1]:${portOf("x")}`,
      ]);
      const [described] = (store.peers(infoHash("a"), 9))
        .filter((peer) => peer.peerId === peerId("x"));
      assertEquals(described?.addresses.length, 2);
    },

  "lets a peer move only with its key": async (open) => {
    await using store = await open();
    const elsewhere = { hostname: "192.0.2.66" };
    accept(store, "keyed", { key: "secret" });
    accept(store, "plain");
    const guesses = [
      ["keyed", "guess"],
      ["keyed", undefined],
      ["plain", undefined],
    ] as const;
    for (const [name, key] of guesses) {
      for (const event of ["update", "stopped"] as const) {
        assertEquals(
          store.announce(
            peerAnnounce(name, { ...elsewhere, key, event }),
            performance.now(),
          ),
          {
            type: "refused",
            reason: "the peer id is in use at another address",
          },
        );
      }
    }
    assertEquals(counts(store), "0 2 0");
    accept(store, "keyed", { ...elsewhere, key: "secret" });
    assertEquals(addresses(accept(store, "plain")), [
      `192.0.2.66:${portOf("keyed")}`,
    ]);
  },

  "takes a newcomer at an address and port for the peer that was there": async (
    open,
  ) => {
    await using store = await open();
    accept(store, "old", { port: 7000, isSeeder: true });
    accept(store, "new", { port: 7000 });
    assertEquals(counts(store), "0 1 0");
    assertEquals(ports(accept(store, "other")), [7000]);
    // Another torrent is another matter, and so is a peer that does not listen.
    accept(store, "x", { port: 7000, infoHash: infoHash("b") });
    for (const name of ["p", "q"]) accept(store, name, { port: 0 });
    assertEquals(counts(store), "0 4 0");
  },

  "lets a peer at its old address change port and key": async (open) => {
    await using store = await open();
    accept(store, "x", { key: "old" });
    accept(store, "x", { key: "new", port: 7000 });
    assertEquals(ports(accept(store, "y")), [7000]);
    accept(store, "x", { key: "new", hostname: "192.0.2.9" });
    assertEquals(addresses(accept(store, "y")), [
      `192.0.2.9:${portOf("x")}`,
    ]);
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
      accept(store, `hidden${index}`, { hostname, port });
    }
    accept(store, "open", { port: 1024 });
    assertEquals(addresses(accept(store, "asker")), ["192.0.2.1:1024"]);
    assertEquals(counts(store), `0 ${hidden.length + 2} 0`);
    const here = accept(store, "here", { hostname: "127.0.0.2" });
    assert(addresses(here).includes("127.0.0.1:6881"));
  },
};
