import { assert, assertEquals } from "@std/assert";
import {
  findUnusualNames,
  similarPaths,
} from "../../../lib/disk/name_probe.ts";
import type { TorrentFile } from "../../../lib/metainfo/torrent.ts";

/** Paths as `a/b`, each of a file. */
function filesOf(paths: readonly string[]): TorrentFile[] {
  return paths.map((path) => ({
    path: path.split("/"),
    length: 1,
    isPadding: path.includes(".pad/"),
  }));
}

/** The pairs of similar paths, in the torrent's order. */
function similar(...paths: string[]): string[][] {
  return similarPaths(filesOf(paths)).map((pair) =>
    pair.map((path) => path.join("/"))
  ).toArray();
}

Deno.test("similarPaths() finds files that some file system takes for one", () => {
  const pairs = [
    ["t/README", "t/readme"],
    ["t/É", "t/é"],
    ["t/\u00e9", "t/e\u0301"],
    ["t/Straße", "t/STRASSE"],
    ["t/a\u200bb", "t/ab"],
    ["t/ς", "t/σ"],
    ["t/a.", "t/a"],
    ["t/a ", "t/a"],
    ["t/A.", "t/a"],
    ["t/Folder/x", "t/folder/X"],
  ];
  for (const pair of pairs) assertEquals(similar(...pair), [pair]);
  assertEquals(similar("t/a", "t/b", "t/B", "t/A"), [
    ["t/b", "t/B"],
    ["t/a", "t/A"],
  ]);
});

Deno.test("similarPaths() compares each with all, as a file system may tell only some apart", () => {
  assertEquals(similar("t/\u00e9", "t/\u00c9", "t/e\u0301"), [
    ["t/\u00e9", "t/\u00c9"],
    ["t/\u00e9", "t/e\u0301"],
    ["t/\u00c9", "t/e\u0301"],
  ]);
});

Deno.test("similarPaths() finds a file in the place of a folder", () => {
  assertEquals(similar("t/A", "t/a/x"), [["t/A", "t/a"]]);
  assertEquals(similar("t/a/x/y", "t/b", "t/A"), [["t/a", "t/A"]]);
});

Deno.test("similarPaths() lets folders share a place, and ignores padding", () => {
  assertEquals(similar("t/A/x", "t/a/y", "t/A/z"), []);
  assertEquals(similar("t/a", "t/b", "t/ab", "t/d/b/c"), []);
  assertEquals(similar("t/.pad/1", "t/.PAD/1", "t/.pad/1"), []);
});

Deno.test("similarPaths() takes no longer than there are folders and pairs", () => {
  // Folders that differ in case alone, with different files: no pair.
  const paths = Array.from({ length: 50_000 }, (_, index) => {
    const name = [..."abcdefghijklmnopq"].map((letter, bit) =>
      index >> bit & 1 ? letter.toUpperCase() : letter
    );
    return `t/${name.join("")}/${index}`;
  });
  const startMs = performance.now();
  assertEquals(similar(...paths), []);
  // Half a second; each with all others it would take a minute.
  assert(performance.now() - startMs < 15_000);
});

Deno.test("findUnusualNames() finds names that are long or that Windows forbids, each once", () => {
  const unusual = (...paths: string[]): string[] =>
    [...findUnusualNames(filesOf(paths)).values()].map((path) =>
      path.join("/")
    );
  const long = "n".repeat(144);
  assertEquals(
    unusual(`t/${long}`, `t/u/${long}`, "t/a:b/c", "t/aux", "t/plain (1).txt"),
    [`t/${long}`, "t/a:b", "t/aux"],
  );
  assertEquals(unusual(`t/${"n".repeat(143)}`, "t/Überblick 概要"), []);
});
