import { assertEquals, assertThrows } from "@std/assert";
import { parseQuery, QueryError } from "../../../lib/tracker/query.ts";
import { bytes } from "./samples.ts";

Deno.test("parseQuery() unescapes every byte value, in either case", () => {
  for (let byte = 0; byte < 256; byte++) {
    const hex = byte.toString(16).padStart(2, "0");
    for (const escaped of [`%${hex}`, `%${hex.toUpperCase()}`]) {
      assertEquals(
        parseQuery(`a=x${escaped}y`).get("a"),
        [Uint8Array.of(0x78, byte, 0x79)],
      );
    }
  }
});

Deno.test("parseQuery() reads a plus as a plus", () => {
  assertEquals(parseQuery("a=1+2").get("a"), [bytes("1+2")]);
});

Deno.test("parseQuery() keeps repeated parameters in order, and empty ones", () => {
  const query = parseQuery("&a=1&b&a=2&&c==&");
  assertEquals([...query], [
    ["a", [bytes("1"), bytes("2")]],
    ["b", [bytes("")]],
    ["c", [bytes("=")]],
  ]);
});

Deno.test("parseQuery() reads a query of nothing", () => {
  assertEquals(parseQuery("").size, 0);
});

Deno.test("parseQuery() refuses a % without two hex digits and names the parameter", () => {
  for (const value of ["%", "%1", "%g0", "%0g", "%%00", "abc%2"]) {
    const error = assertThrows(() => parseQuery(`a=1&b=${value}`), QueryError);
    assertEquals(error.field, "b");
  }
});
