import { assert, assertEquals } from "@std/assert";
import {
  fractionOf,
  renderBar,
  renderBarLine,
  renderProgress,
} from "../../../cli/progress_bar.ts";

const PARTS = [
  { text: "50%", columns: 4 },
  { text: "1 MiB/s", columns: 8 },
  { text: "", columns: 10 },
];

Deno.test("renderBarLine() leaves out the last parts, and the bar before the first", () => {
  const cases: [widest: number, line: string][] = [
    [80, "[####################....................]  50%   1 MiB/s"],
    [40, "[#####.....]  50%   1 MiB/s"],
    [35, "[##...]  50%   1 MiB/s"],
    [34, "[########........]  50%   1 MiB/s"],
    [13, "[##...]  50%"],
    [12, "50%"],
    [2, "50"],
    [0, ""],
    [-1, ""],
  ];
  for (const [widest, line] of cases) {
    assertEquals(renderBarLine(0.5, PARTS, widest), line, `${widest} columns`);
  }
});

Deno.test("renderBarLine() shortens the bar for a text longer than its columns", () => {
  const long = [{ text: "1,023.9 MiB/s", columns: 8 }];
  assertEquals(renderBarLine(0.5, long, 30), "[######.......]  1,023.9 MiB/s");
});

Deno.test("renderBar() keeps to its columns whatever the fraction", () => {
  assertEquals(renderBar(0, 4), "[....]");
  assertEquals(renderBar(0.74, 4), "[##..]");
  assertEquals(renderBar(1.5, 4), "[####]");
  assertEquals(renderBar(-1, 4), "[....]");
});

Deno.test("fractionOf() calls no work done", () => {
  assertEquals([fractionOf(1, 4), fractionOf(0, 0)], [0.25, 1]);
});

const MIB = 1024 * 1024;

const HALFWAY = { doneBytes: 50 * MIB, totalBytes: 100 * MIB, elapsedMs: 5000 };

Deno.test("renderProgress() shows as much as the columns hold", () => {
  const cases: [columns: number, line: string][] = [
    [
      100,
      "[################.................]   50%  50 MiB of 100 MiB           10 MiB/s       0:05 left",
    ],
    [
      70,
      "[#########.........]   50%  50 MiB of 100 MiB           10 MiB/s",
    ],
    [50, "[######.......]   50%  50 MiB of 100 MiB"],
    [20, "[#####......]   50%"],
    [10, "50%"],
    [3, "50"],
  ];
  for (const [columns, line] of cases) {
    assertEquals(renderProgress(HALFWAY, columns), line, `${columns} columns`);
  }
});

Deno.test("renderProgress() never fills the last column", () => {
  for (let columns = 1; columns < 200; columns++) {
    assert(renderProgress(HALFWAY, columns).length < columns);
  }
});

Deno.test("renderProgress() keeps the bar's length as the numbers grow", () => {
  const lengths = [0, 1, MIB, 50 * MIB, 99.9 * MIB].map((doneBytes) =>
    renderProgress({ ...HALFWAY, doneBytes }, 79).indexOf("]")
  );
  assertEquals(new Set(lengths).size, 1);
});

Deno.test("renderProgress() says 100% of finished work alone", () => {
  const progress = { totalBytes: 100_000, elapsedMs: 1000 };
  assertEquals(
    renderProgress({ ...progress, doneBytes: 99_999 }, 20),
    "[##########.]   99%",
  );
  assertEquals(
    renderProgress({ ...progress, doneBytes: 100_000 }, 20),
    "[###########]  100%",
  );
});

Deno.test("renderProgress() shows no bytes as done and no time as no speed", () => {
  assertEquals(
    renderProgress({ doneBytes: 0, totalBytes: 0, elapsedMs: 0 }, 80),
    "[#############]  100%  0 B of 0 B                  0 B/s",
  );
});
