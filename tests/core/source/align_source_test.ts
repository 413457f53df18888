import { assertEquals, assertStrictEquals } from "@std/assert";
import { alignSource, type Source } from "../../../lib/source/source.ts";

/** A folder of files; lengths in units of a piece of 100 bytes. */
function folderOf(lengths: readonly number[]): Source {
  return {
    name: "folder",
    isFolder: true,
    length: lengths.reduce((sum, length) => sum + length, 0),
    files: lengths.map((length, index) => ({
      ...{ diskPath: `/folder/${index}`, path: [`${index}`], length },
      ...{ isExecutable: false, stamp: { size: length, modifiedMs: 1 } },
    })),
    lost: { executables: 0, emptyFolders: 0, links: 0, leftOut: new Map() },
  };
}

/** Files as their lengths, padding as `+` and its length. */
function drawn({ files }: Source): string {
  return files.map(({ length, isPadding }) => isPadding ? `+${length}` : length)
    .join(" ");
}

Deno.test("alignSource() pads each file to the end of its piece, but for the last", () => {
  const rows: [readonly number[], string][] = [
    [[250, 30, 100, 7], "250 +50 30 +70 100 7"],
    [[100, 200, 300], "100 200 300"],
    [[5], "5"],
    // Nothing follows that could begin at a piece.
    [[50, 0, 0], "50 0 0"],
    [[0, 50, 0, 60], "0 50 +50 0 60"],
  ];
  for (const [lengths, expected] of rows) {
    const aligned = alignSource(folderOf(lengths), 100, true);
    assertEquals(drawn(aligned), expected);
    const sum = aligned.files.reduce((sum, { length }) => sum + length, 0);
    assertEquals(aligned.length, sum);
  }
});

Deno.test("alignSource() pads unasked while padding stays below 1 % of the content", () => {
  assertEquals(drawn(alignSource(folderOf([9_950, 51]), 100)), "9950 +50 51");
  // 50 of 5,000 bytes are 1 %.
  const costly = folderOf([4_950, 50]);
  assertStrictEquals(alignSource(costly, 100), costly);
  assertStrictEquals(alignSource(costly, 100, false), costly);
  assertEquals(drawn(alignSource(costly, 100, true)), "4950 +50 50");
});

Deno.test("alignSource() leaves a single file as it is", () => {
  const file = { ...folderOf([50, 60]), isFolder: false };
  assertStrictEquals(alignSource(file, 100, true), file);
});
