import { assertEquals } from "@std/assert";
import {
  findCollision,
  findUnusualNames,
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

/** The two paths that collide, in the torrent's order. */
function collision(
  paths: readonly string[],
  folds?: readonly ((name: string) => string)[],
): string[] | undefined {
  return findCollision(filesOf(paths), folds)?.map((path) => path.join("/"));
}

Deno.test("findCollision() finds files that some file system takes for one", () => {
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
  for (const pair of pairs) assertEquals(collision(pair), pair);
  assertEquals(collision(["t/a", "t/b", "t/B", "t/A"]), ["t/b", "t/B"]);
});

Deno.test("findCollision() finds a file in the place of a folder", () => {
  assertEquals(collision(["t/A", "t/a/x"]), ["t/A", "t/a"]);
  assertEquals(collision(["t/a/x/y", "t/b", "t/A"]), ["t/a", "t/A"]);
});

Deno.test("findCollision() lets folders share a place, and ignores padding", () => {
  assertEquals(collision(["t/A/x", "t/a/y", "t/A/z"]), undefined);
  assertEquals(collision(["t/a", "t/b", "t/ab", "t/d/b/c"]), undefined);
  assertEquals(collision(["t/.pad/1", "t/.PAD/1", "t/.pad/1"]), undefined);
});

Deno.test("findCollision() tells apart what the file system tells apart", () => {
  const unicode = (name: string): string => name.normalize("NFD");
  const names = ["t/a", "t/A", "t/É", "t/é", "t/a."];
  assertEquals(collision(names, []), undefined);
  assertEquals(collision(names, [unicode]), undefined);
  assertEquals(collision([...names, "t/e\u0301"], [unicode]), [
    "t/é",
    "t/e\u0301",
  ]);
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
