import { assertEquals, assertThrows } from "@std/assert";
import { BencodeError } from "../../../lib/bencode/bencode_error.ts";
import {
  decodeBencode,
  type Decoded,
  findDictionarySpan,
} from "../../../lib/bencode/decode.ts";
import { keyName, MAX_DEPTH, MAX_ITEMS } from "../../../lib/bencode/scan.ts";
import { latin1 } from "./bytes.ts";

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

Deno.test("decodeBencode() tolerates keys that are out of order", () => {
  assertEquals(decodeBencode(latin1("d1:bi1e1:ai2ee")), { a: 2, b: 1 });
});

Deno.test("decodeBencode() files keys that are not UTF-8 under their hex digits", () => {
  assertEquals(decodeBencode(latin1("d2:\xff\xfei1ee")), { fffe: 1 });
  assertEquals(keyName(latin1("\xff\xfe")), "fffe");
  assertEquals(keyName(latin1("spam")), "spam");
});

Deno.test("decodeBencode() reads bytes that lie inside a larger buffer", () => {
  const larger = latin1("xxl4:spamexx");
  assertEquals(decodeBencode(larger.subarray(2, 10)), [latin1("spam")]);
});

Deno.test("decodeBencode() names the offset of what is not bencode", () => {
  const cases: [bytes: string, offset: number, reason: string][] = [
    ["", 0, "the bytes end"],
    ["x", 0, "no value"],
    ["e", 0, "no value"],
    ["-1:a", 0, "no value"],
    ["i1ei2e", 3, "bytes follow"],
    ["dee", 2, "bytes follow"],
    // Integers in another spelling than their only one.
    ["ie", 1, "no digit"],
    ["i-e", 2, "no digit"],
    ["i+1e", 1, "no digit"],
    ["i-0e", 0, "integer -0"],
    ["i-01e", 2, "leading zero"],
    ["i01e", 1, "leading zero"],
    ["i1.5e", 2, "no end"],
    ["i 1e", 1, "no digit"],
    ["i123456789012345678901e", 1, "more than 20 digits"],
    ["i1", 2, "the bytes end"],
    // Strings.
    ["4spam", 1, "no colon"],
    ["04:spam", 0, "leading zero"],
    ["5:spam", 0, "5 bytes where 4 are left"],
    ["9999999999999999:", 0, "more than 15 digits"],
    ["4", 1, "the bytes end"],
    // Lists and dictionaries.
    ["l", 1, "the bytes end"],
    ["li1e", 4, "the bytes end"],
    ["d1:a", 4, "the bytes end"],
    ["d1:ae", 4, "no value"],
    ["di1ei2ee", 1, "no value"],
    ["d1:ai1e1:ai2ee", 7, 'key "a" stands twice'],
    ["d9:__proto__dee", 1, "__proto__"],
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
  const text = `l${"0:".repeat(MAX_ITEMS)}e`;
  assertThrows(() => decodeBencode(latin1(text)), BencodeError, "more than");
});

Deno.test("decodeBencode() holds a value to limits of the caller's own", () => {
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

Deno.test("decodeBencode() reads the deepest nesting allowed", () => {
  const text = "l".repeat(MAX_DEPTH) + "e".repeat(MAX_DEPTH);
  let value = decodeBencode(latin1(text));
  for (let depth = 1; depth < MAX_DEPTH; depth++) {
    value = (value as Decoded[])[0]!;
  }
  assertEquals(value, []);
});

Deno.test("decodeBencode() takes two keys as one that would be filed under one name", () => {
  // The byte 0xff and the text "ff".
  assertThrows(
    () => decodeBencode(latin1("d1:\xffi1e2:ffi2ee")),
    BencodeError,
    "stands twice",
  );
});

Deno.test("decodeBencode() refuses every truncation of a value", () => {
  const whole = latin1("d4:infod6:lengthi5e4:name1:ae4:listl1:xi-1eee");
  decodeBencode(whole);
  for (let length = 0; length < whole.length; length++) {
    const part = whole.subarray(0, length);
    assertThrows(() => decodeBencode(part), BencodeError);
  }
});

Deno.test("findDictionarySpan() gives the raw bytes of a value", () => {
  const bytes = latin1("d1:ad4:info1:xe4:infod1:bi1e1:ai2ee1:zle4:tail0:e");
  assertEquals(findDictionarySpan(bytes, "info"), latin1("d1:bi1e1:ai2ee"));
  assertEquals(findDictionarySpan(bytes, "a"), latin1("d4:info1:xe"));
  assertEquals(findDictionarySpan(bytes, "tail"), latin1("0:"));
});

Deno.test("findDictionarySpan() finds nothing where there is no such key", () => {
  assertEquals(
    findDictionarySpan(latin1("d1:ad4:info1:xee"), "info"),
    undefined,
  );
  assertEquals(findDictionarySpan(latin1("l4:info1:xe"), "info"), undefined);
});
