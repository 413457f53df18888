import { assertEquals } from "@std/assert";
import {
  piecesInOrder,
  piecesOf,
  selectFiles,
} from "../../../lib/metainfo/file_selection.ts";
import { readPathGlob } from "../../../lib/metainfo/path_glob.ts";
import { sampleTorrent } from "../disk/sample_torrent.ts";

const LENGTH = 16_384;

/** Files of one and a half pieces; the third is padding. */
const { torrent } = sampleTorrent(LENGTH, [
  { path: ["set", "index"], length: 1.5 * LENGTH },
  { path: ["set", "docs", "a.md"], length: 1.5 * LENGTH },
  { path: ["set", ".pad", "1"], length: LENGTH, isPadding: true },
  { path: ["set", "docs", "b.md"], length: 1.5 * LENGTH },
  { path: ["set", "empty"], length: 0 },
  { path: ["set", "rest"], length: 1 },
]);

function select(
  only: readonly string[],
  not: readonly string[] = [],
  indexes?: readonly number[],
): number[] {
  const globs = { only: only.map(readPathGlob), not: not.map(readPathGlob) };
  return [...selectFiles(torrent, { ...globs, indexes }).indexes()];
}

Deno.test("selectFiles() takes names, paths and folders, and leaves others out", () => {
  assertEquals(select([]), [0, 1, 3, 4, 5]);
  assertEquals(select(["*.md"]), [1, 3]);
  assertEquals(select(["docs"]), [1, 3]);
  assertEquals(select(["docs/*", "rest"], ["b.*"]), [1, 5]);
  assertEquals(select([], ["docs"]), [0, 4, 5]);
  assertEquals(select(["set"]), []);
});

Deno.test("selectFiles() takes the indexes of a link unless globs are given", () => {
  assertEquals(select([], [], [0, 2, 5, 99]), [0, 5]);
  assertEquals(select([], [], []), []);
  assertEquals(select(["empty"], [], [0]), [4]);
});

Deno.test("piecesOf() has every piece with a byte of the files", () => {
  const of = (...only: string[]): number[] => [
    ...piecesOf(
      torrent,
      selectFiles(torrent, { only: only.map(readPathGlob) }),
    ).indexes(),
  ];
  assertEquals(of("index"), [0, 1]);
  assertEquals(of("a.md"), [1, 2]);
  assertEquals(of("b.md"), [4, 5]);
  assertEquals(of("rest"), [5]);
  assertEquals(of("empty"), []);
});

Deno.test("piecesInOrder() goes from one file to the next", () => {
  const files = selectFiles(torrent, {
    only: ["docs", "index", "rest"].map(readPathGlob),
  });
  assertEquals(piecesInOrder(torrent, files), [0, 1, 2, 4, 5]);
});
