import { assert, assertEquals } from "@std/assert";
import { AddressWords } from "../../../../../lib/tracker/store/address_words.ts";
import { parseCompactPeer } from "../../../../../lib/base/peer_address.ts";
import { randomBelow, seededRandom } from "../../../../../lib/base/random.ts";
import { AddressPool } from "../../../../../lib/tracker/store/memory/address_pool.ts";
import {
  type LeafFamily,
  LeafTable,
} from "../../../../../lib/tracker/store/memory/leaf_table.ts";
import { PeerRecords } from "../../../../../lib/tracker/store/memory/peer_records.ts";

interface Scene {
  readonly peers: PeerRecords;
  readonly table: LeafTable;
  readonly pool: AddressPool;
  join(hostname: string, port?: number): number;
}

function scene(family: LeafFamily): Scene {
  const peers = new PeerRecords();
  const table = new LeafTable(family);
  const pool = new AddressPool(peers, table);
  const address = new AddressWords();
  return {
    peers,
    table,
    pool,
    join: (hostname, port = 6881) => {
      const peer = peers.allocate();
      address.read(hostname);
      peers.setAddress(peer, address, port);
      pool.add(peer);
      return peer;
    },
  };
}

/** What each leaf has, in the order of the leaves. */
function leaves({ pool, table }: Scene): string[][] {
  const length = table.entryLength;
  return Array.from(
    { length: pool.leafCount },
    (_, index) =>
      Array.from({ length: pool.countIn(index) }, (_, slot) => {
        const units = new Uint16Array(length / 2);
        table.copyAddress(pool.leaf(index), slot, units, 0);
        return parseCompactPeer(new Uint8Array(units.buffer))!.hostname;
      }),
  );
}

Deno.test("AddressPool keeps leaves in the order of their addresses, however they come", () => {
  const random = seededRandom(7);
  const room = scene("ipv4");
  const hosts = Array.from({ length: 500 }, () => randomBelow(2 ** 32, random));
  for (const host of hosts) {
    const bytes = [
      host >>> 24,
      host >>> 16 & 255,
      host >>> 8 & 255,
      host & 255,
    ];
    room.join(bytes.join("."));
  }
  const order = (hostname: string): number =>
    hostname.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  let last = -1;
  for (const leaf of leaves(room)) {
    assert(leaf.length > 0);
    const numbers = leaf.map(order).sort((left, right) => left - right);
    assert(numbers[0]! >= last);
    last = numbers.at(-1)!;
  }
  assertEquals(room.pool.size, 500);
});

Deno.test("AddressPool fills its leaves where addresses come in order", () => {
  const room = scene("ipv4");
  for (let host = 0; host < 160; host++) room.join(`10.0.0.${host}`);
  assertEquals(leaves(room).map(({ length }) => length), Array(10).fill(16));
});

Deno.test("AddressPool keeps a /64 of IPv6 together, and each /48", () => {
  const room = scene("ipv6");
  const random = seededRandom(8);
  const hosts: string[] = [];
  for (let site = 1; site <= 20; site++) {
    for (let host = 1; host <= 40; host++) {
      hosts.push(`2001:db8:${site}:${host % 4}::${host}`);
    }
  }
  for (const host of hosts.toSorted(() => random() - 0.5)) room.join(host);
  const sites = leaves(room).map((leaf) =>
    new Set(leaf.map((hostname) => hostname.split(":")[2]))
  );
  // In the order of the leaves each site is one piece.
  const seen: string[] = [];
  for (const names of sites) {
    for (const name of names) if (!seen.includes(name!)) seen.push(name!);
  }
  assertEquals(seen.length, 20);
  assert(sites.filter((names) => names.size > 2).length === 0);
});

for (const family of ["ipv4", "ipv6", "none"] as const) {
  Deno.test(`AddressPool agrees with a set through random changes, of ${family} (seed 9)`, () => {
    const random = seededRandom(9);
    const { pool, join, peers, table } = scene(family);
    const expected = new Set<number>();
    const ROUNDS = 8_000;
    for (let round = 0; round < ROUNDS; round++) {
      if (random() < (round < ROUNDS / 2 ? 0.7 : 0.3)) {
        // Many behind one address, too.
        const host = 1 + randomBelow(30, random);
        const port = 2_000 + randomBelow(60_000, random);
        const hostname = family === "ipv6"
          ? `2001:db8::${host}`
          : `10.0.0.${host}`;
        expected.add(join(hostname, port));
      } else if (expected.size > 0) {
        const peer = [...expected][randomBelow(expected.size, random)]!;
        pool.delete(peer);
        peers.free(peer);
        expected.delete(peer);
      }
      if (round % 200 !== 0) continue;
      assertEquals(pool.size, expected.size);
      assertEquals(new Set(pool.members()), expected);
      for (let index = 0; index < pool.leafCount; index++) {
        const count = pool.countIn(index);
        assert(count > 0 || pool.size === 0);
        for (let slot = 0; slot < count; slot++) {
          const peer = table.member(pool.leaf(index), slot);
          assertEquals(pool.leafFor(pool.keyOf(peer)), index);
          assertEquals(pool.slotOf(peer, index), slot);
        }
      }
    }
    for (const peer of expected) pool.delete(peer);
    assertEquals([pool.size, pool.leafCount], [0, 1]);
    pool.close();
    assertEquals(table.size, 0);
  });
}
