import { assertEquals, assertThrows } from "@std/assert";
import { quoted, splitWords } from "../../../cli/command_words.ts";

/** A command line on Linux or macOS, and its words between bars. */
const CASES: [text: string, words: string][] = [
  ["notify", "|notify|"],
  ["notify-send done now", "|notify-send|done|now|"],
  ["  a \t b\n", "|a|b|"],
  ["", "|"],
  ["   ", "|"],
  ["'two words' one", "|two words|one|"],
  ['"two words" one', "|two words|one|"],
  ["a'b c'd", "|ab cd|"],
  [`'say "hi"' "it's"`, `|say "hi"|it's|`],
  ["'' \"\"", "|||"],
  [String.raw`two\ words`, "|two words|"],
  [String.raw`\'a \"b \\c`, String.raw`|'a|"b|\c|`],
  // Single quotes keep a backslash; double quotes keep it before most.
  [String.raw`'C:\new'`, String.raw`|C:\new|`],
  [String.raw`"C:\new"`, String.raw`|C:\new|`],
  [String.raw`"a\"b\\c\$d"`, String.raw`|a"b\c$d|`],
  // Nothing is expanded and nothing ends a command: there is no shell.
  ["$HOME *.txt ~ a;b a|b >c `d`", "|$HOME|*.txt|~|a;b|a|b|>c|`d`|"],
  ["日本語 '🎬 film'", "|日本語|🎬 film|"],
];

/** The same on Windows, where paths have backslashes and names apostrophes. */
const WINDOWS_CASES: [text: string, words: string][] = [
  [String.raw`C:\tools\new.exe a\b`, String.raw`|C:\tools\new.exe|a\b|`],
  [
    String.raw`"C:\Program Files\a.exe" done`,
    String.raw`|C:\Program Files\a.exe|done|`,
  ],
  [
    String.raw`'C:\Program Files\a.exe' "D:\"`,
    String.raw`|C:\Program Files\a.exe|D:\|`,
  ],
  [
    String.raw`C:\Users\O'Brien\a.exe it's`,
    String.raw`|C:\Users\O'Brien\a.exe|it's|`,
  ],
  ["\\\\host\\share\\a.cmd \\", "|\\\\host\\share\\a.cmd|\\|"],
  [`cmd /c echo 'say "hi"' ""`, `|cmd|/c|echo|say "hi"||`],
];

function inBars(words: readonly string[]): string {
  return `|${words.map((word) => `${word}|`).join("")}`;
}

for (const [text, words] of CASES) {
  Deno.test(`splitWords() makes ${words} of ${JSON.stringify(text)}`, () => {
    for (const platform of ["linux", "darwin"] as const) {
      assertEquals(inBars(splitWords(text, platform)), words);
    }
  });
}

for (const [text, words] of WINDOWS_CASES) {
  Deno.test(`splitWords() makes ${words} of ${JSON.stringify(text)} on Windows`, () => {
    assertEquals(inBars(splitWords(text, "windows")), words);
  });
}

Deno.test("splitWords() refuses a quote that is not closed", () => {
  for (const text of ["'a", "a 'b c", "''' b"]) {
    assertThrows(
      () => splitWords(text, "linux"),
      SyntaxError,
      "a ' is not closed",
    );
  }
  for (const text of ['"a', String.raw`"a\"`, `'a' "`]) {
    assertThrows(
      () => splitWords(text, "linux"),
      SyntaxError,
      'a " is not closed',
    );
  }
});

Deno.test("splitWords() refuses a backslash with nothing after it", () => {
  for (const text of ["\\", "a b\\", '"a\\']) {
    assertThrows(
      () => splitWords(text, "linux"),
      SyntaxError,
      "the last backslash",
    );
  }
});

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
