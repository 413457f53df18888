import { assertEquals, assertThrows } from "@std/assert";
import {
  BENCODE_LIMITS,
  BencodeError,
  decodeBencode,
  type Decoded,
  readBencode,
} from "../../../lib/bencode/decode.ts";
import { latin1 } from "./bytes.ts";

const { maxDepth: MAX_DEPTH, maxItems: MAX_ITEMS } = BENCODE_LIMITS;

Deno.test("decodeBencode() reads each kind of value", () => {
  const cases: [string, Decoded][] = [
    ["i0e", 0],
    ["i-7e", -7],
    ["i9007199254740991e", Number.MAX_SAFE_INTEGER],
    ["0:", latin1("")],
    ["4:spam", latin1("spam")],
    ["1:\xff", latin1("\xff")],
    ["le", []],
    ["l4:spami3ee", [latin1("spam"), 3]],
    ["de", {}],
    ["d1:ai1e1:bd1:cleee", { a: 1, b: { c: [] } }],
  ];
  for (const [text, value] of cases) {
    assertEquals(decodeBencode(latin1(text)), value, text);
  }
});

Deno.test("decodeBencode() accepts unsorted keys", () => {
  assertEquals(decodeBencode(latin1("d1:bi1e1:ai2ee")), { a: 2, b: 1 });
});

Deno.test("decodeBencode() takes a key of any bytes as those bytes", () => {
  const long = "\xe4".repeat(10_000);
  for (
    const keys of [
      ["\xff\xfe", "fffe"],
      ["\xff", "ff"],
      ["\xef\xbf\xbd", "\xff\xfd"],
      // A byte order mark before another key.
      ["a", "\xef\xbb\xbfa"],
      ["__proto__", "constructor", "toString", ""],
      ["0", "00", "length"],
      [long, `${long}!`],
    ]
  ) {
    const entries = keys.map((key) => `${key.length}:${key}1:${key[0] ?? "-"}`);
    const value = decodeBencode(latin1(`d${entries.join("")}e`));
    assertEquals(Object.keys(value).toSorted(), keys.toSorted());
    for (const key of keys) {
      assertEquals(Object.entries(value).find(([name]) => name === key), [
        key,
        latin1(key[0] ?? "-"),
      ]);
    }
    assertEquals(Object.getPrototypeOf(value), null);
  }
});

Deno.test("decodeBencode() reads a view of a larger buffer", () => {
  const larger = latin1("xxl4:spamexx");
  assertEquals(decodeBencode(larger.subarray(2, 10)), [latin1("spam")]);
});

Deno.test("decodeBencode() reports the offset of malformed bytes", () => {
  const cases: [bytes: string, offset: number, reason: string][] = [
    ["", 0, "the value is truncated"],
    ["x", 0, "no value"],
    ["e", 0, "no value"],
    ["-1:a", 0, "no value"],
    ["i1ei2e", 3, "bytes follow the value"],
    ["dee", 2, "bytes follow the value"],
    // Integers that are not canonical.
    ["ie", 1, "no digit"],
    ["i-e", 2, "no digit"],
    ["i+1e", 1, "no digit"],
    ["i-0e", 0, "integer -0"],
    ["i-01e", 2, "leading zero"],
    ["i01e", 1, "leading zero"],
    ["i1.5e", 2, "an integer without an end"],
    ["i 1e", 1, "no digit"],
    ["i123456789012345678901e", 1, "more than 20 digits"],
    ["i1", 2, "the value is truncated"],
    // Strings.
    ["4spam", 1, "no colon"],
    ["04:spam", 0, "leading zero"],
    ["5:spam", 0, "5 bytes, but only 4 are left"],
    ["9999999999999999:", 0, "more than 15 digits"],
    ["4", 1, "the value is truncated"],
    // Lists and dictionaries.
    ["l", 1, "the value is truncated"],
    ["li1e", 4, "the value is truncated"],
    ["d1:a", 4, "the value is truncated"],
    ["d1:ae", 4, "no value"],
    ["di1ei2ee", 1, "no value"],
    ["d1:ai1e1:ai2ee", 7, 'key "a" occurs twice'],
    ["d9:__proto__de9:__proto__dee", 14, "twice"],
    ["l".repeat(MAX_DEPTH + 1), MAX_DEPTH, "nesting"],
    ["d1:a".repeat(MAX_DEPTH) + "d", MAX_DEPTH * 4, "nesting"],
  ];
  for (const [text, offset, reason] of cases) {
    const error = assertThrows(
      () => decodeBencode(latin1(text)),
      BencodeError,
      reason,
    );
    assertEquals(error.offset, offset, text);
  }
});

Deno.test("decodeBencode() refuses more items than a torrent can need", () => {
  // Numbers: as many strings would take a gigabyte.
  const bytes = new TextEncoder().encode(`l${"i0e".repeat(MAX_ITEMS)}e`);
  assertThrows(() => decodeBencode(bytes), BencodeError, "more than");
});

Deno.test("decodeBencode() applies the limits of the caller", () => {
  const limits = { maxDepth: 2, maxItems: 5 };
  assertEquals(decodeBencode(latin1("d1:alee"), limits), { a: [] });
  assertThrows(
    () => decodeBencode(latin1("d1:allee"), limits),
    BencodeError,
    "nesting deeper than 2",
  );
  assertThrows(
    () => decodeBencode(latin1("d1:ai1e1:bi2ee"), limits),
    BencodeError,
    "more than 5 items",
  );
});

Deno.test("decodeBencode() accepts the deepest nesting allowed", () => {
  const text = "l".repeat(MAX_DEPTH) + "e".repeat(MAX_DEPTH);
  let value = decodeBencode(latin1(text));
  for (let depth = 1; depth < MAX_DEPTH; depth++) {
    value = (value as Decoded[])[0]!;
  }
  assertEquals(value, []);
});

Deno.test("decodeBencode() refuses every truncation of a value", () => {
  const whole = latin1("d4:infod6:lengthi5e4:name1:ae4:listl1:xi-1eee");
  decodeBencode(whole);
  for (let length = 0; length < whole.length; length++) {
    const part = whole.subarray(0, length);
    assertThrows(() => decodeBencode(part), BencodeError);
  }
});

Deno.test("readBencode() returns the raw bytes of the outermost values", () => {
  const bytes = latin1("d1:ad4:info1:xe4:infod1:bi1e1:ai2ee1:zle4:tail0:e");
  const { raw } = readBencode(bytes);
  assertEquals([...raw], [
    ["a", latin1("d4:info1:xe")],
    ["info", latin1("d1:bi1e1:ai2ee")],
    ["z", latin1("le")],
    ["tail", latin1("0:")],
  ]);
  assertEquals(readBencode(latin1("l4:info1:xe")).raw.size, 0);
});
