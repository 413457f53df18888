import { assertEquals } from "@std/assert";
import { randomBelow, seededRandom } from "../../../../../lib/base/random.ts";
import {
  INDEX_WORD_COUNT,
  RecordIndex,
} from "../../../../../lib/tracker/store/memory/record_index.ts";
import {
  NONE,
  RecordTable,
} from "../../../../../lib/tracker/store/memory/record_table.ts";

/** The records with a hash, in order of their numbers. */
function found(index: RecordIndex, hash: number): number[] {
  const records: number[] = [];
  let record = index.first(hash);
  while (record !== NONE) {
    records.push(record);
    record = index.next(record);
  }
  return records.sort((left, right) => left - right);
}

for (const hashBits of [32, 11, 3]) {
  Deno.test(`RecordIndex agrees with a map through random changes, with hashes of ${hashBits} bits (seed 5)`, () => {
    const random = seededRandom(5);
    const table = new RecordTable(INDEX_WORD_COUNT);
    const index = new RecordIndex(table, 0);
    const expected = new Map<number, number>();
    const ROUNDS = 12_000;
    for (let round = 0; round < ROUNDS; round++) {
      // More come than go at first, so that it grows; the end is the other way.
      if (random() < (round < ROUNDS / 2 ? 0.8 : 0.3)) {
        const record = table.allocate();
        const hash = randomBelow(2 ** hashBits, random) | 0;
        index.add(record, hash);
        expected.set(record, hash);
      } else if (expected.size > 0) {
        const [record] = expected.keys();
        index.delete(record!);
        table.free(record!);
        expected.delete(record!);
      }
      if (round % 3_000 !== 0) continue;
      const byHash = Map.groupBy(expected, ([, hash]) => hash);
      for (const [hash, entries] of byHash) {
        const records = entries.map(([record]) => record);
        assertEquals(found(index, hash), records.sort((a, b) => a - b));
      }
    }
    assertEquals(found(index, 2 ** 31 + 12_345), []);
  });
}
