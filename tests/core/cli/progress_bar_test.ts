import { assert, assertEquals } from "@std/assert";
import { renderProgress } from "../../../cli/progress_bar.ts";

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
