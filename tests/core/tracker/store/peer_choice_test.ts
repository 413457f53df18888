import { assert, assertEquals } from "@std/assert";
import { formatPeerAddress } from "../../../../lib/base/peer_address.ts";
import type { MemoryStore } from "../../../../lib/tracker/store/memory_store.ts";
import {
  accept,
  counts,
  fill,
  hosts,
  memoryStore,
  ports,
} from "./memory_scene.ts";
import {
  addressesOf,
  type AnnounceChanges,
  peerId,
  text,
} from "../../announce/samples.ts";

/** A leecher that listens on the usual port of a host, and is named after it. */
function join(
  store: MemoryStore,
  hostname: string,
  changes: AnnounceChanges = {},
): ReturnType<typeof accept> {
  const address = { hostname, port: 6881 };
  return accept(store, hostname, { address, ...changes });
}

Deno.test("a leecher is told of everyone else, a seeder of the leechers alone", () => {
  const store = memoryStore();
  fill(store, 2, 3);
  const address = { hostname: "192.0.2.1", port: 20_000 };
  assertEquals(ports(accept(store, "20000", { address })), [
    10_000,
    10_001,
    20_001,
    20_002,
  ]);
  const seeder = { hostname: "192.0.2.1", port: 10_000 };
  const asSeeder = accept(store, "10000", { isSeeder: true, address: seeder });
  assertEquals(ports(asSeeder), [20_000, 20_001, 20_002]);
});

Deno.test("a leecher is told of as many peers as it wants, seeders for half of them", () => {
  const seederCount = (
    seeders: number,
    leechers: number,
    numwant: number,
  ): string => {
    const store = memoryStore();
    fill(store, seeders, leechers);
    const given = ports(accept(store, "asker", { numwant }));
    assertEquals(new Set(given).size, given.length);
    return `${given.filter((port) => port < 20_000).length} of ${given.length}`;
  };
  assertEquals(seederCount(100, 100, 50), "25 of 50");
  assertEquals(seederCount(100, 10, 50), "40 of 50"); // too few leechers
  assertEquals(seederCount(1, 100, 50), "1 of 50");
  assertEquals(seederCount(3, 3, 50), "3 of 6");
  assertEquals(seederCount(3, 3, 1), "1 of 1");
  assertEquals(seederCount(3, 3, 0), "0 of 0");
  assertEquals(seederCount(2_000, 2_000, 200), "100 of 200");
  assertEquals(seederCount(0, 51, 50), "0 of 50");
  assertEquals(seederCount(0, 500, 1_000), "0 of 200");
});

Deno.test("everybody is told of to somebody, and about as often as anybody else", () => {
  const store = memoryStore();
  const LEECHERS = 100;
  fill(store, 0, LEECHERS);
  const times = new Map<number, number>();
  const ROUNDS = 2_000;
  for (let round = 0; round < ROUNDS; round++) {
    // From far away, so that nobody is a neighbour.
    const address = { hostname: "198.51.100.1", port: 6881 };
    for (
      const port of ports(accept(store, "asker", { address, numwant: 10 }))
    ) {
      times.set(port, (times.get(port) ?? 0) + 1);
    }
  }
  assertEquals(times.size, LEECHERS);
  // 200 each; chosen alone the standard deviation would be 14, in runs of five 30.
  for (const [port, count] of times) {
    assert(count > 80 && count < 400, `${port}: ${count}`);
  }
});

Deno.test("neighbours are preferred where there are more peers than fit, and half of the list is from anywhere", () => {
  const store = memoryStore();
  for (let host = 1; host <= 20; host++) join(store, `10.1.1.${host}`);
  for (let host = 1; host <= 20; host++) join(store, `10.1.2.${host}`);
  for (let number = 0; number < 1_000; number++) {
    join(store, `172.${16 + (number >> 8)}.${number & 255}.9`);
  }
  const near = (numwant: number): number[] => {
    const given = hosts(join(store, "10.1.1.99", { numwant }));
    assertEquals([given.length, new Set(given).size], [numwant, numwant]);
    const count = (network: string): number =>
      given.filter((host) => host.startsWith(network)).length;
    return [count("10.1.1."), count("172.")];
  };
  for (let round = 0; round < 20; round++) {
    const [subnet, elsewhere] = near(50);
    assertEquals(subnet, 20);
    assert(elsewhere! >= 20, `${elsewhere}`);
    const [few] = near(10);
    assert(few! >= 5 && few! <= 8, `${few}`);
  }
});

Deno.test("neighbours by IPv6 are those of a /64", () => {
  const store = memoryStore();
  for (let host = 1; host <= 9; host++) {
    join(store, `2001:db8:1:1::${host}`);
    join(store, `2001:db8:1:2::${host}`);
  }
  for (let site = 16; site < 500; site++) {
    join(store, `2001:db8:${site.toString(16)}::1`);
  }
  const given = hosts(join(store, "2001:db8:1:1::99", { numwant: 40 }));
  assertEquals(given.length, 40);
  const count = (network: string): number =>
    given.filter((host) => host.startsWith(network)).length;
  assertEquals(count("2001:db8:1:1:"), 9);
  assert(count("2001:db8:1:2:") < 9);
});

Deno.test("neighbours are given in turns, and no more once they left", () => {
  const store = memoryStore();
  for (let host = 1; host <= 40; host++) join(store, `10.1.1.${host}`);
  for (let host = 1; host <= 200; host++) join(store, `10.2.${host}.1`);
  const near = (): string[] =>
    hosts(join(store, "10.1.1.99", { numwant: 20 }))
      .filter((host) => host.startsWith("10.1.1."));
  const given = new Set([near(), near(), near(), near()].flat());
  assertEquals(given.size, 40);
  for (let host = 1; host <= 39; host++) {
    join(store, `10.1.1.${host}`, { event: "stopped" });
  }
  assertEquals(near(), ["10.1.1.40"]);
  join(store, "10.1.1.40", { event: "stopped" });
  assertEquals(near(), []);
});

Deno.test("a swarm of subnets stays one swarm: each peer is told of others everywhere", () => {
  const store = memoryStore();
  const SUBNETS = 8;
  const HOSTS = 60;
  const told = new Map<string, Set<string>>();
  const hostname = (subnet: number, host: number): string =>
    `10.${subnet}.0.${host + 1}`;
  for (let subnet = 0; subnet < SUBNETS; subnet++) {
    for (let host = 0; host < HOSTS; host++) {
      join(store, hostname(subnet, host));
    }
  }
  for (let subnet = 0; subnet < SUBNETS; subnet++) {
    const others = new Set<string>();
    for (let host = 0; host < HOSTS; host++) {
      for (const other of hosts(join(store, hostname(subnet, host)))) {
        others.add(other.split(".")[1]!);
      }
    }
    told.set(`${subnet}`, others);
  }
  for (const [subnet, others] of told) {
    assertEquals(others.size, SUBNETS, `subnet ${subnet}`);
  }
});

Deno.test("both families have room in a list, the asker's own the most", () => {
  const store = memoryStore();
  for (let host = 1; host <= 100; host++) {
    join(store, `10.0.0.${host}`);
    join(store, `2001:db8::${host}`);
  }
  const families = (hostname: string): [number, number] => {
    const { ipv4, ipv6 } = join(store, hostname, { numwant: 40 }).peers;
    return [ipv4.length / 6, ipv6.length / 18];
  };
  assertEquals(families("10.0.0.1"), [30, 10]);
  assertEquals(families("2001:db8::1"), [10, 30]);
});

Deno.test("a peer at an address or port that nobody may dial is counted and told to nobody", () => {
  const store = memoryStore();
  const unlisted = [
    ["192.0.2.1", 0],
    ["192.0.2.1", 80],
    ["192.0.2.1", 1023],
    ["0.0.0.0", 6881],
    ["0.1.2.3", 6881],
    ["224.0.0.1", 6881],
    ["255.255.255.255", 6881],
    ["::", 6881],
    ["ff02::1", 6881],
    ["fe80::1", 6881],
    ["fe80::1%eth0", 6881],
    ["no address", 6881],
    ["", 6881],
  ] as const;
  for (const [index, [hostname, port]] of unlisted.entries()) {
    accept(store, `${index}`, { address: { hostname, port } });
  }
  assertEquals(addressesOf(join(store, "10.0.0.1").peers), []);
  assertEquals(counts(store), `0 ${unlisted.length + 1} 0`);
  // They get addresses of others themselves, and may come to be listed.
  const [, [hostname]] = unlisted;
  const moved = accept(store, "1", { address: { hostname, port: 1024 } });
  assertEquals(hosts(moved), ["10.0.0.1"]);
  assertEquals(hosts(join(store, "10.0.0.1")), ["192.0.2.1"]);
});

Deno.test("addresses of this machine are told to this machine alone", () => {
  const store = memoryStore();
  join(store, "127.0.0.1");
  join(store, "::1");
  join(store, "10.0.0.1");
  assertEquals(hosts(join(store, "10.0.0.2")), ["10.0.0.1"]);
  assertEquals(hosts(join(store, "127.0.0.2")), [
    "10.0.0.1",
    "10.0.0.2",
    "127.0.0.1",
    "::1",
  ]);
});

Deno.test("a peer on this machine is given to others at the address by which they reached the tracker", () => {
  const store = memoryStore();
  const seeder = { isSeeder: true };
  join(store, "127.0.1.1", seeder);
  const given = (hostname: string, localHostname?: string): string[] => {
    const outcome = join(store, hostname, {
      localHostname: () => localHostname,
    });
    join(store, hostname, { event: "stopped" });
    return addressesOf(outcome.peers).map(formatPeerAddress);
  };
  assertEquals(given("10.0.0.1", "192.168.7.9"), ["192.168.7.9:6881"]);
  assertEquals(given("10.0.0.2", "fd00::9"), ["[fd00::9]:6881"]);
  // Nobody else can use these.
  for (const unknown of [undefined, "127.0.0.1", "::1", "fe80::1", "::"]) {
    assertEquals(given("10.0.0.1", unknown), []);
  }
  // On this machine it is at the address that it announced, as before.
  assertEquals(given("127.0.0.1", "127.0.0.1"), ["127.0.1.1:6881"]);
  assertEquals(given("127.0.0.1", "192.168.7.9"), ["127.0.1.1:6881"]);
});

Deno.test("a peer on this machine that announces by both families is given once, with its id", () => {
  const store = memoryStore();
  const local = { key: "k", port: 6881 };
  accept(store, "local", { ...local, hostname: "127.0.0.1" });
  accept(store, "local", { ...local, hostname: "::1" });
  join(store, "10.0.0.1");
  join(store, "2001:db8::1");
  for (const localHostname of ["10.0.0.9", "fd00::9"]) {
    const changes = { wantsIds: true, localHostname: () => localHostname };
    const { peers } = join(store, "10.0.0.2", changes);
    const addresses = addressesOf(peers).map(({ hostname }) => hostname);
    assertEquals(addresses.toSorted(), [
      ...["10.0.0.1", "2001:db8::1", localHostname].toSorted(),
    ]);
    const ids = addresses.map((hostname) =>
      (hostname === localHostname ? "local" : hostname).padEnd(20, "-")
    );
    assertEquals(text(peers.ids!), ids.join(""));
  }
});

Deno.test("peers on this machine are told of all others too, however many are here", () => {
  const store = memoryStore();
  for (let number = 0; number < 300; number++) {
    const address = { hostname: "127.0.0.1", port: 2_000 + number };
    accept(store, `${number}`, { address });
  }
  join(store, "10.0.0.1");
  const given = hosts(join(store, "127.0.0.1", { numwant: 50 }));
  assertEquals(given.length, 50);
  assertEquals(given[0], "10.0.0.1");
});

Deno.test("ids are given in the order of the addresses, if they are wanted", () => {
  const store = memoryStore();
  join(store, "2001:db8::1");
  join(store, "10.0.0.1");
  join(store, "10.0.0.2", { isSeeder: true });
  const { peers } = join(store, "10.0.0.3", { wantsIds: true });
  const names = addressesOf(peers).map(({ hostname }) => hostname);
  assertEquals(names.toSorted(), ["10.0.0.1", "10.0.0.2", "2001:db8::1"]);
  assertEquals(
    text(peers.ids!),
    names.map((name) => name.padEnd(20, "-")).join(""),
  );
  assertEquals(peerId("x").length, 40);
  assertEquals(join(store, "10.0.0.3").peers.ids, undefined);
});
