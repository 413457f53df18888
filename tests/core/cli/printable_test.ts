import { assertEquals } from "@std/assert";
import { printable, printableJson, shown } from "../../../cli/printable.ts";

Deno.test("printable() leaves text in any script as it is", () => {
  for (const text of ["a b", "résumé", "日本語", "שלום", "🎬", "👩‍👩‍👧"]) {
    assertEquals(printable(text), text);
  }
});

Deno.test("printable() escapes what drives a terminal", () => {
  const cases: [text: string, shown: string][] = [
    ["\x1b[2J", "\\x1b[2J"],
    ["a\r\nb\tc\0", "a\\x0d\\x0ab\\x09c\\x00"],
    ["\x7f\x9b", "\\x7f\\x9b"],
    ["\u2028", "\\u{2028}"],
    // "gpj.exe" that would read "exe.jpg".
    ["\u202egpj.exe", "\\u{202e}gpj.exe"],
    ["\ud800", "\\u{d800}"],
  ];
  for (const [text, shown] of cases) assertEquals(printable(text), shown);
});

Deno.test("printableJson() is one line of JSON that reads back the same", () => {
  const value = { name: "\x1b\x9b\u202e\u2028 é 🎬", path: ["\n"] };
  const text = printableJson(value);
  assertEquals(JSON.parse(text), value);
  assertEquals(printable(text), text);
});

Deno.test("shown() cuts a name to 64 characters and leaves out what cannot be seen", () => {
  assertEquals(shown("images"), "images");
  assertEquals(shown("\x1b]0;a\x07\u202eb\u200b"), "]0;ab");
  assertEquals(shown("\u{1F427}".repeat(65)), `${"\u{1F427}".repeat(63)}…`);
  assertEquals(shown("\u202e"), "?");
});
