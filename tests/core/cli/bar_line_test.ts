import { assertEquals } from "@std/assert";
import { fractionOf, renderBar, renderBarLine } from "../../../cli/bar_line.ts";

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
