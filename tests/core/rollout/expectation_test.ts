import { assertEquals, assertThrows } from "@std/assert";
import { readExpectation } from "../../../lib/rollout/expectation.ts";

function namesOf(text: string): readonly string[] | number {
  const read = readExpectation(text);
  return read.type === "count" ? read.count : read.names;
}

Deno.test("readExpectation() reads numbers, names, addresses and ranges", () => {
  assertEquals(namesOf("40"), 40);
  assertEquals(namesOf("lab[08-11]"), ["lab08", "lab09", "lab10", "lab11"]);
  assertEquals(namesOf("lab[1-2,7].example.org,192.168.1.[20-21]"), [
    ...["lab1.example.org", "lab2.example.org", "lab7.example.org"],
    ...["192.168.1.20", "192.168.1.21"],
  ]);
  assertEquals(namesOf("r[1-2]pc[01-02]"), [
    ...["r1pc01", "r1pc02", "r2pc01", "r2pc02"],
  ]);
  assertEquals(namesOf("# room 1\nlab01 # at the door\r\n\n lab02,fe80::1\n"), [
    ...["lab01", "lab02", "fe80::1"],
  ]);
  // Once each, however they are written.
  assertEquals(namesOf("a,A,a.,b"), ["a.", "b"]);
});

Deno.test("readExpectation() refuses what names no host, or too many", () => {
  for (
    const text of [
      ...["", " , ", "0", "10001", "lab[40-01]", "lab[1-", "lab[]", "lab[a-b]"],
      ...[
        "lab]",
        "[",
        "a b\x1bc",
        "a/b",
        "lab[1-9",
        "lab[0-99999]",
        "lab[1-2]]",
      ],
      ...["x".repeat(254), "[1-999][1-999]", "lab[1--3]", "lab[-3]"],
    ]
  ) assertThrows(() => readExpectation(text), RangeError, undefined, text);
});
