import { assert, assertEquals } from "@std/assert";
import { AddressWords } from "../../../../../lib/tracker/store/address_words.ts";
import { seededRandom } from "../../../../../lib/base/random.ts";
import { AddressPool } from "../../../../../lib/tracker/store/memory/address_pool.ts";
import { AskerAddress } from "../../../../../lib/tracker/store/memory/asker_address.ts";
import { LeafTable } from "../../../../../lib/tracker/store/memory/leaf_table.ts";
import { PeerRecords } from "../../../../../lib/tracker/store/memory/peer_records.ts";
import { PickedList } from "../../../../../lib/tracker/store/memory/picked_list.ts";
import { PoolDraw } from "../../../../../lib/tracker/store/memory/pool_draw.ts";

/** A pool of so many peers in 10.0.0.0/8, one address after the other. */
function poolOf(count: number): { pool: AddressPool; peers: PeerRecords } {
  const peers = new PeerRecords();
  const pool = new AddressPool(peers, new LeafTable("ipv4"));
  const address = new AddressWords();
  for (let number = 0; number < count; number++) {
    const peer = peers.allocate();
    address.read(`10.${number >> 16}.${number >> 8 & 255}.${number & 255}`);
    peers.setAddress(peer, address, 6881);
    pool.add(peer);
  }
  return { pool, peers };
}

Deno.test("PoolDraw draws as many distinct peers as are asked for, and never the excluded one", () => {
  const draw = new PoolDraw(seededRandom(1));
  for (const size of [1, 2, 15, 16, 17, 49, 50, 51, 200, 3_000]) {
    const { pool } = poolOf(size);
    const list = new PickedList(200, 6);
    for (const wanted of [1, 5, 50, 200]) {
      for (let round = 0; round < 20; round++) {
        list.begin(true);
        draw.begin(pool, wanted, list);
        const excluded = 1 + round % size;
        draw.exclude(excluded);
        const expected = Math.min(wanted, size - 1);
        assertEquals([size, wanted, draw.finish()], [size, wanted, expected]);
        const members = new Set(list.members);
        assertEquals([members.size, members.has(excluded)], [expected, false]);
        assertEquals(list.bytes.length, expected * 6);
      }
    }
  }
});

Deno.test("PoolDraw draws from no pool, and nobody if nobody is wanted", () => {
  const draw = new PoolDraw(seededRandom(1));
  const list = new PickedList(200, 6);
  const asker = new AskerAddress();
  draw.begin(undefined, 50, list);
  draw.takeNeighbours(asker, 1 / 2);
  assertEquals(draw.finish(), 0);
  draw.begin(poolOf(100).pool, 0, list);
  draw.exclude(1);
  draw.takeNeighbours(asker, 1 / 2);
  assertEquals(draw.finish(), 0);
});

Deno.test("PoolDraw draws each peer of a pool of any size about as often as any other", () => {
  const random = seededRandom(2);
  const draw = new PoolDraw(random);
  const SIZE = 500;
  const { pool } = poolOf(SIZE);
  // Leaves of all sizes.
  const gone = new Set<number>();
  for (let peer = 1; peer <= SIZE; peer++) {
    if (random() < (peer < 250 ? 0.6 : 0)) {
      pool.delete(peer);
      gone.add(peer);
    }
  }
  const list = new PickedList(200, 6);
  const times = new Map<number, number>();
  const ROUNDS = 6_000;
  for (let round = 0; round < ROUNDS; round++) {
    list.begin(true);
    draw.begin(pool, 20, list);
    draw.finish();
    for (const peer of list.members) {
      times.set(peer, (times.get(peer) ?? 0) + 1);
    }
  }
  assertEquals(times.size, SIZE - gone.size);
  const mean = ROUNDS * 20 / times.size;
  for (const [peer, count] of times) {
    assert(Math.abs(count / mean - 1) < 0.45, `${peer}: ${count} of ${mean}`);
  }
});

Deno.test("PoolDraw looks at few leaves, however large the pool is", () => {
  const looked = (size: number): number => {
    const { pool } = poolOf(size);
    const seen = new Set<number>();
    const counted = new Proxy(pool, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: number[]) => {
          if (name === "leaf" || name === "countIn") seen.add(args[0]!);
          return value.apply(target, args);
        };
      },
    });
    const draw = new PoolDraw(seededRandom(3));
    const list = new PickedList(200, 6);
    const asker = new AskerAddress();
    const address = new AddressWords();
    address.read("10.0.1.77");
    asker.read(address);
    list.begin(false);
    draw.begin(counted, 50, list);
    draw.takeNeighbours(asker, 1 / 2);
    assertEquals(draw.finish(), 50);
    return seen.size;
  };
  assert(looked(1_000) <= 30);
  assert(looked(100_000) <= 30);
});
