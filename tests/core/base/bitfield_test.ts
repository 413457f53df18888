import { assert, assertEquals, assertThrows } from "@std/assert";
import { Bitfield } from "../../../lib/base/bitfield.ts";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";

/** `"10110"`: one digit a bit, piece 0 first. */
function drawn(bitfield: Bitfield): string {
  return Array.from(
    { length: bitfield.length },
    (_, index) => bitfield.has(index) ? "1" : "0",
  ).join("");
}

Deno.test("Bitfield reads piece 0 from the high bit of the first byte", () => {
  const bitfield = Bitfield.fromBytes(
    Uint8Array.of(
      0b1010_0001, // pieces 0, 2 and 7
      0b0100_0000, // piece 9; six spare bits
    ),
    10,
  );
  assertEquals(drawn(bitfield), "1010000101");
  assertEquals(bitfield.count, 4);
  assertEquals([...bitfield.indexes()], [0, 2, 7, 9]);
});

Deno.test("Bitfield encodes what it decoded", () => {
  const bytes = Uint8Array.of(0xa1, 0x40);
  assertEquals(Bitfield.fromBytes(bytes, 10).toBytes(), bytes);
});

Deno.test("Bitfield copies the bytes it reads and the bytes it writes", () => {
  const bytes = Uint8Array.of(0x80);
  const bitfield = Bitfield.fromBytes(bytes, 8);
  bytes[0] = 0;
  bitfield.toBytes()[0] = 0;
  assert(bitfield.has(0));
});

Deno.test("Bitfield refuses each spare bit that is set", () => {
  for (let length = 1; length <= 16; length++) {
    const byteCount = Math.ceil(length / 8);
    for (let spare = length; spare < byteCount * 8; spare++) {
      const bytes = new Uint8Array(byteCount);
      bytes[spare >>> 3] = 0x80 >>> (spare & 7);
      assertThrows(
        () => Bitfield.fromBytes(bytes, length),
        RangeError,
        "a spare bit is set",
      );
    }
  }
});

Deno.test("Bitfield refuses too few and too many bytes", () => {
  for (const [length, byteCount] of [[8, 0], [8, 2], [9, 1], [0, 1]] as const) {
    assertThrows(
      () => Bitfield.fromBytes(new Uint8Array(byteCount), length),
      RangeError,
      `got ${byteCount}`,
    );
  }
});

Deno.test("Bitfield.full() sets every bit and no spare bit", () => {
  assertEquals(Bitfield.full(10).toBytes(), Uint8Array.of(0xff, 0xc0));
  assertEquals(Bitfield.full(8).toBytes(), Uint8Array.of(0xff));
  const full = Bitfield.full(10);
  assertEquals(full.count, 10);
  assert(full.isFull);
});

Deno.test("Bitfield of no bits is full and takes no bytes", () => {
  const empty = new Bitfield(0);
  assert(empty.isFull);
  assertEquals(empty.toBytes(), new Uint8Array(0));
  assertEquals(Bitfield.fromBytes(new Uint8Array(0), 0).count, 0);
  assertEquals(Bitfield.full(0).count, 0);
});

Deno.test("Bitfield counts a bit once, even if it is set or cleared twice", () => {
  const bitfield = new Bitfield(3);
  assertEquals(bitfield.add(1), true);
  assertEquals(bitfield.add(1), false);
  assertEquals(bitfield.count, 1);
  assertEquals(bitfield.delete(1), true);
  assertEquals(bitfield.delete(1), false);
  assertEquals(bitfield.count, 0);
});

Deno.test("Bitfield has no bits outside its range and refuses to change them", () => {
  const bitfield = Bitfield.full(9);
  for (const index of [-1, 9, 15, 16, 2 ** 32, NaN]) {
    assertEquals(bitfield.has(index), false);
    assertThrows(() => bitfield.add(index), RangeError, "the bitfield has 9");
    assertThrows(() => bitfield.delete(index), RangeError);
  }
  assertThrows(() => bitfield.add(0.5), RangeError);
  assertEquals(bitfield.count, 9);
});

Deno.test("Bitfield agrees with a Set through random changes (seed 1)", () => {
  const random = seededRandom(1);
  const bitfield = new Bitfield(37);
  const model = new Set<number>();
  for (let step = 0; step < 2000; step++) {
    const index = randomBelow(37, random);
    if (random() < 0.5) {
      assertEquals(bitfield.add(index), !model.has(index));
      model.add(index);
    } else {
      assertEquals(bitfield.delete(index), model.delete(index));
    }
    assertEquals(bitfield.count, model.size);
  }
  const sorted = [...model].sort((one, other) => one - other);
  assertEquals([...bitfield.indexes()], sorted);
  const read = Bitfield.fromBytes(bitfield.toBytes(), 37);
  assertEquals([...read.indexes()], sorted);
  assertEquals(read.count, model.size);
});
