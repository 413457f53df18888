import { assert, assertEquals } from "@std/assert";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import { PeerPool, type Pooled } from "../../../lib/tracker/peer_pool.ts";

interface Named extends Pooled {
  readonly name: string;
}

function poolOf(names: string): { pool: PeerPool<Named>; peers: Named[] } {
  const pool = new PeerPool<Named>();
  const peers = [...names].map((name) => ({ name, place: 0 }));
  for (const peer of peers) pool.add(peer);
  return { pool, peers };
}

function namesOf(peers: Named[]): string {
  return peers.map(({ name }) => name).sort().join("");
}

Deno.test("PeerPool.draw() gives distinct peers, never the asker, never more than there are", () => {
  const { pool, peers } = poolOf("abcde");
  const random = seededRandom(1);
  for (let round = 0; round < 200; round++) {
    const drawn = pool.draw(3, random, peers[0]);
    assertEquals(drawn.length, 3);
    assertEquals(new Set(drawn).size, 3);
    assert(!drawn.includes(peers[0]!));
  }
  assertEquals(namesOf(pool.draw(9, random, peers[0])), "bcde");
  assertEquals(namesOf(pool.draw(9, random)), "abcde");
  assertEquals(pool.draw(0, random), []);
});

Deno.test("PeerPool.draw() gives every peer about as often as any other", () => {
  const { pool } = poolOf("abcdefghij");
  const random = seededRandom(2);
  const counts = new Map<string, number>();
  for (let round = 0; round < 10_000; round++) {
    for (const { name } of pool.draw(2, random)) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  // 2,000 each; the standard deviation is 40.
  for (const [name, count] of counts) {
    assert(Math.abs(count - 2_000) < 200, `${name}: ${count}`);
  }
});

Deno.test("PeerPool agrees with a Set through random changes and draws (seed 3)", () => {
  const random = seededRandom(3);
  const pool = new PeerPool<Named>();
  const expected = new Set<Named>();
  for (let round = 0; round < 5_000; round++) {
    if (random() < 0.55) {
      const peer = { name: String.fromCharCode(33 + round % 90), place: 0 };
      pool.add(peer);
      expected.add(peer);
    } else if (expected.size > 0) {
      const peer = [...expected][randomBelow(expected.size, random)]!;
      pool.delete(peer);
      expected.delete(peer);
    }
    pool.draw(3, random);
    if (round % 100 !== 0) continue;
    assertEquals(pool.size, expected.size);
    assertEquals(new Set(pool.draw(Infinity, random)), expected);
  }
});
