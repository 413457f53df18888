import { assertEquals } from "@std/assert";
import {
  RecordRing,
  RING_WORD_COUNT,
} from "../../../../../lib/tracker/store/memory/record_ring.ts";
import {
  NONE,
  RecordTable,
} from "../../../../../lib/tracker/store/memory/record_table.ts";

function around(ring: RecordRing, first: number): number[] {
  const records: number[] = [];
  if (first === NONE) return records;
  let record = first;
  do {
    records.push(record);
    record = ring.next(record);
  } while (record !== first);
  return records;
}

Deno.test("RecordRing keeps the order of coming, whoever leaves", () => {
  const table = new RecordTable(RING_WORD_COUNT);
  const ring = new RecordRing(table, 0);
  let first: number = NONE;
  for (let count = 0; count < 4; count++) {
    first = ring.append(table.allocate(), first);
  }
  assertEquals(around(ring, first), [1, 2, 3, 4]);
  first = ring.remove(3, first); // from the middle
  assertEquals(around(ring, first), [1, 2, 4]);
  first = ring.remove(1, first); // the first
  assertEquals(around(ring, first), [2, 4]);
  first = ring.append(1, first);
  assertEquals(around(ring, first), [2, 4, 1]);
  first = ring.remove(1, first); // the last
  first = ring.remove(2, first);
  assertEquals(around(ring, first), [4]);
  assertEquals(ring.remove(4, first), NONE);
});
