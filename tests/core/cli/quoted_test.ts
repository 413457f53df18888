import { assertEquals } from "@std/assert";
import { quoted } from "../../../cli/quoted.ts";
import { splitWords } from "../../../cli/split_words.ts";

const { raw } = String;

Deno.test("quoted() leaves plain words as they are", () => {
  for (const platform of ["linux", "darwin"] as const) {
    for (const text of ["a.torrent", "/srv/images", "a-b_c+d,e=f%20~1"]) {
      assertEquals(quoted(text, platform), text);
    }
  }
  for (const text of ["a.torrent", raw`C:\images\a.torrent`, "C:\\", "a/b"]) {
    assertEquals(quoted(text, "windows"), text);
  }
});

Deno.test("quoted() uses the quotes that the platform's shells know", () => {
  const cases: [text: string, posix: string, windows: string][] = [
    ["b ü.bin", "'b ü.bin'", '"b ü.bin"'],
    ["it's", raw`'it'\''s'`, '"it\'s"'],
    ["a&b", "'a&b'", '"a&b"'],
    ["100%", "100%", '"100%"'],
    [raw`C:\my files`, raw`'C:\my files'`, raw`"C:\my files"`],
    [
      "\\\\host\\my share\\",
      "'\\\\host\\my share\\'",
      raw`"\\host\my share\\"`,
    ],
    ["", "''", '""'],
  ];
  for (const [text, posix, windows] of cases) {
    assertEquals(quoted(text, "linux"), posix);
    assertEquals(quoted(text, "darwin"), posix);
    assertEquals(quoted(text, "windows"), windows);
  }
});

Deno.test("quoted() makes one word, as splitWords() reads them", () => {
  for (const text of ["a", "b ü", "it's", raw`a\b`, 'a"b', "$HOME `x`"]) {
    assertEquals(splitWords(quoted(text, "linux"), "linux"), [text]);
  }
  for (const text of ["a", "b ü", "it's", raw`C:\a b\c`]) {
    assertEquals(splitWords(quoted(text, "windows"), "windows"), [text]);
  }
});
