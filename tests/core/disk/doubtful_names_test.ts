import { assertEquals } from "@std/assert";
import { findDoubtfulNames } from "../../../lib/disk/doubtful_names.ts";

/** Paths as `a/b`, each of a file. */
function doubtful(...paths: string[]): { odd: string[]; alike: string[][] } {
  const files = paths.map((path) => ({
    path: path.split("/"),
    length: 1,
    isPadding: path.includes(".pad/"),
  }));
  const { odd, alike } = findDoubtfulNames(files);
  const join = ({ path }: { path: readonly string[] }): string =>
    path.join("/");
  return { odd: odd.map(join), alike: alike.map((group) => group.map(join)) };
}

Deno.test("findDoubtfulNames() finds files that some file systems take for one", () => {
  const pairs = [
    ["t/README", "t/readme"],
    ["t/É", "t/é"],
    ["t/\u00e9", "t/e\u0301"],
    ["t/Straße", "t/STRASSE"],
    ["t/a\u200bb", "t/ab"],
    ["t/ς", "t/σ"],
    ["t/a.", "t/a"],
    ["t/a ", "t/a"],
    ["t/Folder/x", "t/folder/X"],
  ];
  for (const pair of pairs) assertEquals(doubtful(...pair).alike, [pair]);
  assertEquals(doubtful("t/a", "t/A", "t/b", "t/B", "t/c").alike, [
    ["t/a", "t/A"],
    ["t/b", "t/B"],
  ]);
});

Deno.test("findDoubtfulNames() finds a file where others take a folder to be", () => {
  assertEquals(doubtful("t/A", "t/a/x").alike, [["t/A", "t/a"]]);
  assertEquals(doubtful("t/a/x/y", "t/b", "t/A").alike, [["t/a", "t/A"]]);
});

Deno.test("findDoubtfulNames() leaves alone what is one folder in two spellings, other names, and padding", () => {
  assertEquals(doubtful("t/A/x", "t/a/y", "t/A/z").alike, []);
  assertEquals(doubtful("t/a", "t/b", "t/ab", "t/d/b/c").alike, []);
  assertEquals(doubtful("t/.pad/1", "t/.PAD/1", "t/.pad/1").alike, []);
});

Deno.test("findDoubtfulNames() finds names that are long or that a system forbids, each once", () => {
  const long = "n".repeat(144);
  assertEquals(
    doubtful(`t/${long}`, `t/u/${long}`, "t/a:b/c", "t/aux", "t/plain (1).txt")
      .odd,
    [`t/${long}`, "t/a:b", "t/aux"],
  );
  assertEquals(doubtful(`t/${"n".repeat(143)}`, "t/Überblick 概要").odd, []);
});
