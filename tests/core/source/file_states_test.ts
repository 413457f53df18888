import { assertEquals } from "@std/assert";
import { Bitfield } from "../../../lib/base/bitfield.ts";
import { fileStates, type FoundFile } from "../../../lib/source/file_states.ts";
import { sampleTorrent } from "../disk/sample_torrent.ts";

const KIB = 1024;

/** Pieces of 16 KiB: `aaaa|aabb|bbbb|bcdd` in quarters, and an empty file. */
const { torrent } = sampleTorrent(16 * KIB, [
  { path: ["t", "a"], length: 24 * KIB },
  { path: ["t", "b"], length: 28 * KIB },
  { path: ["t", "c"], length: 4 * KIB },
  { path: ["t", "d"], length: 8 * KIB },
  { path: ["t", "empty"], length: 0 },
]);

/** The first letters of the states where some pieces are verified; `-` is a missing file. */
function states(have: readonly number[], missing = ""): string {
  const bits = new Bitfield(4);
  for (const index of have) bits.add(index);
  const found = torrent.files.map(({ path, length }): FoundFile | undefined =>
    missing.includes(path[1]![0]!) ? undefined : { type: "file", size: length }
  );
  return fileStates(torrent, bits, found)
    .map((state) => state!.type[0]).join("");
}

Deno.test("fileStates() blames a file alone for the pieces that it alone is in", () => {
  const cases: [have: readonly number[], missing: string, states: string][] = [
    [[0, 1, 2, 3], "", "rrrrr"],
    [[1, 2, 3], "", "wrrrr"],
    [[0, 1, 3], "", "rwrrr"],
    // Pieces that several files share.
    [[0, 2, 3], "", "uurrr"],
    [[0, 1, 2], "", "ruuur"],
    [[2], "", "wuuur"],
    [[], "", "wwuur"],
    // A missing file takes the proof from its neighbours alone.
    [[0, 1, 2], "c", "rumur"],
    [[2, 3], "a", "murrr"],
    [[0, 1, 2, 3], "e", "rrrrm"],
    [[], "abcde", "mmmmm"],
  ];
  for (const [have, missing, expected] of cases) {
    assertEquals(states(have, missing), expected, `${have} ${missing}`);
  }
});

Deno.test("fileStates() names the neighbour that is at fault", () => {
  const found = torrent.files.map(({ length }, index): FoundFile | undefined =>
    index === 2 ? undefined : { type: "file", size: length }
  );
  const bits = new Bitfield(4);
  for (const index of [0, 1, 2]) bits.add(index);
  const reason = 'a piece that it shares with "c" cannot be verified';
  assertEquals(fileStates(torrent, bits, found)[3], {
    type: "unproven",
    reason,
  });
});

Deno.test("fileStates() takes another size, or something else, for wrong", () => {
  const found: FoundFile[] = [
    { type: "file", size: 5 },
    { type: "file", size: 28 * KIB },
    { type: "other", reason: "it is a folder" },
    { type: "file", size: 8 * KIB },
    { type: "file", size: 1 },
  ];
  const all = fileStates(torrent, Bitfield.full(4), found);
  assertEquals(all.map((state) => state!.type), [
    ...["wrong", "right", "wrong", "right", "wrong"],
  ]);
  assertEquals(all[4], {
    ...{ type: "wrong", reason: "it has 1 bytes instead of 0" },
  });
});

Deno.test("fileStates() says nothing of padding and links", () => {
  const files = [
    { path: ["t", "a"], length: 10, isPadding: false },
    { path: ["t", "p"], length: 6, isPadding: true },
    { path: ["t", "l"], length: 0, isPadding: false, linkTarget: ["t", "a"] },
  ];
  const sample = sampleTorrent(16, files).torrent;
  const found: (FoundFile | undefined)[] = [
    ...[{ type: "file", size: 10 } as const, undefined, undefined],
  ];
  const all = fileStates({ ...sample, files }, new Bitfield(1), found);
  // Padding is always right: what differs is the file.
  assertEquals(all.map((state) => state?.type), [
    ...["wrong", undefined, undefined],
  ]);
});

Deno.test("fileStates() takes time in proportion to the files of a piece", () => {
  const files = Array.from(
    { length: 40_000 },
    (_, index) => ({ path: ["t", `${index}`], length: 1 }),
  );
  const many = sampleTorrent(64 * KIB, files).torrent;
  const found = files.map((): FoundFile => ({ type: "file", size: 1 }));
  const startMs = performance.now();
  const all = fileStates(many, new Bitfield(1), found);
  const durationMs = performance.now() - startMs;
  // It was a minute.
  if (durationMs > 5_000) throw new Error(`It took ${durationMs} ms`);
  assertEquals([0, 1, 39_999].map((index) => all[index]), [
    ...["1", "0", "0"].map((name) => ({
      type: "unproven" as const,
      reason: `a piece that it shares with "${name}" cannot be verified`,
    })),
  ]);
});
