import { assertEquals, assertThrows } from "@std/assert";
import { decodeBencode } from "../../../lib/bencode/decode.ts";
import { type Encodable, encodeBencode } from "../../../lib/bencode/encode.ts";
import { latin1 } from "./bytes.ts";

Deno.test("encodeBencode() writes each kind of value", () => {
  const cases: [Encodable, string][] = [
    [0, "i0e"],
    [-0, "i0e"],
    [-7, "i-7e"],
    [Number.MAX_SAFE_INTEGER, "i9007199254740991e"],
    ["", "0:"],
    ["é", "2:\xc3\xa9"],
    [latin1("\xff\x00"), "2:\xff\x00"],
    [[], "le"],
    [[1, ["a"]], "li1el1:aee"],
    [{}, "de"],
    [{ b: 1, a: { c: [] } }, "d1:ad1:clee1:bi1ee"],
  ];
  for (const [value, text] of cases) {
    assertEquals(encodeBencode(value), latin1(text));
  }
});

Deno.test("encodeBencode() omits entries that are undefined", () => {
  assertEquals(encodeBencode({ a: undefined, b: 1 }), latin1("d1:bi1ee"));
});

Deno.test("encodeBencode() sorts keys by their bytes", () => {
  // U+FF5E is ef bd 9e and U+1F600 f0 9f 98 80, but UTF-16 has d83d first.
  const encoded = encodeBencode({ "\u{1f600}": 1, "\uff5e": 2, b: 3, a: 4 });
  assertEquals(
    encoded,
    latin1("d1:ai4e1:bi3e3:\xef\xbd\x9ei2e4:\xf0\x9f\x98\x80i1ee"),
  );
  const byBytes = new Map<Uint8Array, Encodable>([
    [latin1("\x64"), 1],
    [latin1("\xff"), 2],
    [latin1("\x09\x01"), 3],
    [latin1("\x09"), 4],
  ]);
  assertEquals(
    encodeBencode(byBytes),
    latin1("d1:\x09i4e2:\x09\x01i3e1:di1e1:\xffi2ee"),
  );
});

Deno.test("encodeBencode() refuses values without a bencode type", () => {
  for (const value of [1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => encodeBencode({ a: value }), TypeError, "safe integer");
  }
  for (const value of [null, true, 1n]) {
    assertThrows(
      () => encodeBencode([value as unknown as number]),
      TypeError,
      "no bencode type",
    );
  }
});

Deno.test("decodeBencode() reads what encodeBencode() writes", () => {
  const value = {
    text: latin1("\x00\xff"),
    list: [1, -2, [3]],
    inner: { a: 1 },
  };
  assertEquals(decodeBencode(encodeBencode(value)), value);
});
