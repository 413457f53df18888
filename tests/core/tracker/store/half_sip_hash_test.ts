import { assert, assertEquals } from "@std/assert";
import {
  halfSipHash,
  type HalfSipKey,
} from "../../../../lib/tracker/store/half_sip_hash.ts";
import { seededRandom } from "../../../../lib/base/random.ts";

/** As the paper draws it: any number of rounds, one step a line. */
function plainHash(
  words: readonly number[],
  key: HalfSipKey,
  rounds: { readonly word: number; readonly end: number },
): number {
  const v = [key.low, key.high, 0x6c796765 ^ key.low, 0x74656462 ^ key.high];
  const add = (to: number, from: number): void => {
    v[to] = (v[to]! + v[from]!) | 0;
  };
  const turn = (at: number, bits: number): void => {
    v[at] = v[at]! << bits | v[at]! >>> (32 - bits);
  };
  const mix = (to: number, from: number): void => {
    v[to]! ^= v[from]!;
  };
  const round = (): void => {
    add(0, 1), turn(1, 5), mix(1, 0), turn(0, 16);
    add(2, 3), turn(3, 8), mix(3, 2);
    add(0, 3), turn(3, 7), mix(3, 0);
    add(2, 1), turn(1, 13), mix(1, 2), turn(2, 16);
  };
  for (const word of [...words, words.length * 4 << 24]) {
    v[3]! ^= word;
    for (let count = 0; count < rounds.word; count++) round();
    v[0]! ^= word;
  }
  v[2]! ^= 0xff;
  for (let count = 0; count < rounds.end; count++) round();
  return v[1]! ^ v[3]!;
}

const KEY = { low: 0x03020100, high: 0x07060504 };

Deno.test("the plain hash gives the reference's values for two and four rounds", () => {
  const rounds = { word: 2, end: 4 };
  assertEquals(plainHash([], KEY, rounds) >>> 0, 0x5b9f35a9);
  assertEquals(plainHash([0x03020100], KEY, rounds) >>> 0, 0x89466e2a);
});

Deno.test("halfSipHash() is the plain hash with one and three rounds", () => {
  const random = seededRandom(1);
  const word = (): number => Math.floor(random() * 2 ** 32) | 0;
  for (let count = 0; count < 500; count++) {
    const words = Array.from({ length: count % 9 }, word);
    const key = { low: word(), high: word() };
    assertEquals(
      halfSipHash(Int32Array.from(words), key),
      plainHash(words, key, { word: 1, end: 3 }),
    );
  }
});

Deno.test("halfSipHash() of names in a row falls into all buckets alike", () => {
  const counts = new Uint32Array(64);
  for (let name = 0; name < 64_000; name++) {
    counts[halfSipHash(Int32Array.of(0, name), KEY) & 63]!++;
  }
  // 1,000 each; the standard deviation is 31.
  for (const count of counts) assert(count > 800 && count < 1_200, `${count}`);
});
