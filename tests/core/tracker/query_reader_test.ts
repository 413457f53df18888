import { assertEquals, assertThrows } from "@std/assert";
import { QueryError } from "../../../lib/announce/announce.ts";
import { QueryReader } from "../../../lib/tracker/announce_query.ts";
import { bytes } from "../announce/samples.ts";

function readerOf(query: string): QueryReader {
  const reader = new QueryReader();
  reader.start(query);
  return reader;
}

/** Names and values in their order. */
function parametersOf(query: string): [string, string][] {
  const reader = readerOf(query);
  const parameters: [string, string][] = [];
  while (reader.next()) parameters.push([reader.name, reader.text()]);
  return parameters;
}

/** A reader at its only parameter, `a`. */
function at(value: string): QueryReader {
  const reader = readerOf(`a=${value}`);
  assertEquals(reader.next(), true);
  return reader;
}

Deno.test("QueryReader unescapes every byte value, in either case", () => {
  for (let byte = 0; byte < 256; byte++) {
    const hex = byte.toString(16).padStart(2, "0");
    for (const escaped of [`%${hex}`, `%${hex.toUpperCase()}`]) {
      const character = String.fromCharCode(byte);
      assertEquals(at(`x${escaped}y`).text(), `x${character}y`);
      assertEquals(
        at(`${escaped}${"-".repeat(19)}`).identifier(),
        bytes(character + "-".repeat(19)),
      );
    }
  }
});

Deno.test("QueryReader keeps every unescaped byte, except for the delimiters", () => {
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte);
    if ("%&".includes(character)) continue;
    assertEquals(parametersOf(`a=${character}`), [["a", character]]);
    assertEquals(
      at(character.repeat(20)).identifier(),
      bytes(character.repeat(20)),
    );
  }
});

Deno.test("QueryReader refuses a character that is not a byte", () => {
  const [text, identifier] = [at("%20\u0100"), at("\u20ac".repeat(20))];
  assertThrows(
    () => text.text(),
    QueryError,
    "a has a character that is not a byte",
  );
  assertThrows(() => identifier.identifier(), QueryError, "is not a byte");
});

Deno.test("QueryReader reads a plus as a plus", () => {
  assertEquals(parametersOf("a=1+2"), [["a", "1+2"]]);
});

Deno.test("QueryReader keeps repeated parameters in order, and empty ones", () => {
  assertEquals(parametersOf("&a=1&b&a=2&&c==&=d&"), [
    ["a", "1"],
    ["b", ""],
    ["a", "2"],
    ["c", "="],
    ["", "d"],
  ]);
  assertEquals(parametersOf("a"), [["a", ""]]);
  assertEquals(parametersOf("a="), [["a", ""]]);
});

Deno.test("QueryReader reads an empty query", () => {
  for (const query of ["", "&", "&&&"]) assertEquals(parametersOf(query), []);
});

Deno.test("QueryReader refuses a % without two hex digits and names the parameter", () => {
  for (const value of ["%", "%1", "%g0", "%0g", "%%00", "abc%2", "%2&c=0"]) {
    const reader = readerOf(`a=1&b=${value}`);
    reader.next();
    reader.next();
    for (const read of [() => reader.text(), () => reader.identifier()]) {
      const error = assertThrows(read, QueryError);
      assertEquals(error.message, "b has a % without two hex digits");
      assertEquals(error.field, "b");
    }
  }
});

Deno.test("QueryReader reads 20 bytes, or reports the length", () => {
  assertEquals(at("%00".repeat(20)).identifier(), new Uint8Array(20));
  for (const length of [0, 1, 19, 21, 500]) {
    const message = `a is ${length} bytes long instead of 20`;
    for (const byte of ["x", "%78"]) {
      const reader = at(byte.repeat(length));
      assertThrows(() => reader.identifier(), QueryError, message);
    }
  }
});

Deno.test("QueryReader reads whole numbers, the largest as MAX_SAFE_INTEGER", () => {
  const cases: [string, number][] = [
    ["0", 0],
    ["7", 7],
    ["007", 7],
    ["%31%32", 12],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["9007199254740993", Number.MAX_SAFE_INTEGER],
    ["9223372036854775807", Number.MAX_SAFE_INTEGER],
    ["1".repeat(500), Number.MAX_SAFE_INTEGER],
  ];
  for (const [text, number] of cases) {
    assertEquals(at(text).wholeNumber(), number, text);
  }
  for (const text of ["", "-1", "+1", "1.5", "1e3", "0x1", " 1", "1%20", "٣"]) {
    const reader = at(text);
    assertThrows(() => reader.wholeNumber(), QueryError);
  }
});
