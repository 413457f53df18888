import { assert, assertEquals, assertThrows } from "@std/assert";
import { matchesBelow, readPathGlob } from "../../../lib/metainfo/path_glob.ts";

/** A glob, and whether it matches each of some paths. */
const MATCHES: readonly [glob: string, paths: Record<string, boolean>][] = [
  ["*.txt", {
    "a.txt": true,
    "x/y/a.txt": true,
    "a.txt.gz": false,
    ".txt": true,
  }],
  ["/a.txt/", { "a.txt": true, "x/a.txt": true }],
  ["x/*.txt", { "x/a.txt": true, "x/y/a.txt": false, "y/x/a.txt": false }],
  ["x/**/a", { "x/a": true, "x/y/z/a": true, "y/a": false, "x/ab": false }],
  ["**/a", { "a": true, "x/y/a": true, "x/b": false }],
  ["x/**", { "x/a": true, "x/y/z": true, "x": false, "y": false }],
  ["a?c", { "abc": true, "ac": false, "a😀c": true }],
  ["[a-c][!x]", { "bz": true, "bx": false, "dz": false }],
  ["[[:digit:]]*", { "7up": true, "up7": false }],
  ["{a,b{1,2}}.bin", { "a.bin": true, "b2.bin": true, "b.bin": false }],
  ["{a,x/b}", { "a": true, "y/a": false, "x/b": true, "b": false }],
  ["\\*", { "*": true, "a": false }],
  ["**", { "a": true, "x/y": true }],
  ["[", { "[": true, "a": false }],
  ["a.b", { "a.b": true, "axb": false }],
  ["(a|b)+", { "(a|b)+": true, "ab": false }],
];

for (const [text, paths] of MATCHES) {
  for (const [path, expected] of Object.entries(paths)) {
    Deno.test(`${text} ${expected ? "matches" : "does not match"} ${path}`, () => {
      assertEquals(readPathGlob(text).matches(path.split("/")), expected);
    });
  }
}

Deno.test("matchesBelow() also takes what is in a matching folder", () => {
  const glob = readPathGlob("docs");
  assert(matchesBelow(glob, ["x", "docs", "a.txt"]));
  assert(!glob.matches(["x", "docs", "a.txt"]));
  assert(!matchesBelow(glob, ["x", "docs.txt"]));
});

Deno.test("a glob of many stars is matched in no time", () => {
  const startMs = performance.now();
  const globs = [
    ...["*a".repeat(200) + "b", "**/a/".repeat(100) + "b"],
    ...["*?".repeat(500) + "b", "*[!b]".repeat(200) + "b", "{".repeat(1_024)],
    ...["[[:a".repeat(250), "*{a,aa}".repeat(6) + "b"],
  ];
  for (const text of globs) {
    const glob = readPathGlob(text);
    assert(!glob.matches(["a".repeat(255)]));
    assert(!glob.matches(Array.from({ length: 500 }, () => "a")));
  }
  // Milliseconds; a regular expression of five stars takes minutes.
  assert(performance.now() - startMs < 5_000);
});

Deno.test("readPathGlob() refuses what is empty, malformed, too long or too wide", () => {
  const nested = "{a,".repeat(250) + "b" + "}".repeat(250);
  const wide = ["a".repeat(1_025), "{a,b}".repeat(20), nested];
  for (const text of ["", "//", "[z-a]", "*.[!z-a]", ...wide]) {
    assertThrows(() => readPathGlob(text), RangeError);
  }
});
