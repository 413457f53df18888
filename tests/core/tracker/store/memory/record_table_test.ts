import { assertEquals } from "@std/assert";
import {
  NONE,
  RecordTable,
} from "../../../../../lib/tracker/store/memory/record_table.ts";

Deno.test("RecordTable gives out records of zeros from 1 on, and freed ones again, the last first", () => {
  const table = new RecordTable(4);
  assertEquals([table.allocate(), table.allocate(), table.allocate()], [
    1,
    2,
    3,
  ]);
  for (const record of [1, 2, 3]) table.setWord(record, 3, -record);
  table.free(1);
  table.free(3);
  assertEquals([table.size, table.end], [1, 4]);
  assertEquals([table.allocate(), table.allocate()], [3, 1]);
  for (const record of [1, 3]) {
    assertEquals([0, 1, 2, 3].map((index) => table.word(record, index)), [
      0,
      0,
      0,
      0,
    ]);
  }
  assertEquals(table.word(2, 3), -2);
  assertEquals(table.allocate(), 4);
  assertEquals(NONE, 0);
});

Deno.test("RecordTable keeps what it holds while it grows by chunks", () => {
  const table = new RecordTable(6);
  const COUNT = 20_000;
  for (let count = 0; count < COUNT; count++) {
    const record = table.allocate();
    table.setWord(record, 0, record);
    table.setWord(record, 1, 2 ** 31 + record); // its lowest 32 bits
    table.setDouble(record, 2, record / 7);
    table.setDouble(record, 4, Number.MAX_SAFE_INTEGER - record);
  }
  for (let record = 1; record <= COUNT; record++) {
    assertEquals([
      table.word(record, 0),
      table.word(record, 1) >>> 0,
      table.double(record, 2),
      table.double(record, 4),
    ], [
      record,
      2 ** 31 + record,
      record / 7,
      Number.MAX_SAFE_INTEGER - record,
    ]);
  }
});

Deno.test("RecordTable shows a record's bytes where its words are", () => {
  const table = new RecordTable(2);
  for (let count = 0; count < 5_000; count++) table.allocate();
  table.bytesOf(4_500).fill(
    0xff,
    table.byteOffset(4_500) + 4,
    table.byteOffset(4_500) + 8,
  );
  assertEquals([table.word(4_500, 0), table.word(4_500, 1)], [0, -1]);
  assertEquals([table.word(4_499, 1), table.word(4_501, 0)], [0, 0]);
});
