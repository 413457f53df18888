import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { sipHash } from "../../../lib/tracker/sip_hash.ts";

/** 0, 1, 2, … */
function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index);
}

const KEY = counting(16);

Deno.test("sipHash() gives the values of its authors' own test", () => {
  // Hex of the hash's bytes in their little-endian order, by message length.
  const expected = new Map([
    [0, "310e0edd47db6f72"],
    [1, "fd67dc93c539f874"],
    [8, "6224939a79f5f593"],
    [24, "94af49f6c650adb8"],
    [63, "724506eb4c328a95"],
  ]);
  for (const [length, hex] of expected) {
    const bytes = new Uint8Array(8);
    const hash = sipHash(KEY, counting(length));
    new DataView(bytes.buffer).setBigUint64(0, hash, true);
    const actual = bytes.reduce(
      (text, byte) => text + byte.toString(16).padStart(2, "0"),
      "",
    );
    assertEquals(actual, hex, `${length} bytes`);
  }
});

Deno.test("sipHash() reads views that begin anywhere", () => {
  const bytes = counting(100);
  assertEquals(
    sipHash(Uint8Array.of(99, ...KEY).subarray(1), bytes.subarray(3, 27)),
    sipHash(KEY, bytes.slice(3, 27)),
  );
});

Deno.test("sipHash() changes with every bit of the key and of the message", () => {
  const message = counting(24);
  const seen = new Set([sipHash(KEY, message)]);
  for (const [part, length] of [["key", 16], ["message", 24]] as const) {
    for (let bit = 0; bit < length * 8; bit++) {
      const changed = counting(length);
      changed[bit >> 3]! ^= 1 << bit % 8;
      const hash = part === "key"
        ? sipHash(changed, message)
        : sipHash(KEY, changed);
      assertEquals(seen.has(hash), false, `${part} bit ${bit}`);
      seen.add(hash);
    }
  }
  assertNotEquals(sipHash(KEY, counting(7)), sipHash(KEY, counting(8)));
});

Deno.test("sipHash() takes a key of 16 bytes only", () => {
  for (const length of [0, 15, 17]) {
    assertThrows(() => sipHash(counting(length), KEY), RangeError, `${length}`);
  }
});
