import { assert, assertEquals } from "@std/assert";
import {
  formatDuration,
  formatSize,
  renderBar,
  renderProgress,
} from "../../../cli/progress_bar.ts";

const MIB = 1024 * 1024;

const HALFWAY = { doneBytes: 50 * MIB, totalBytes: 100 * MIB, elapsedMs: 5000 };

Deno.test("renderProgress() shows as much as the columns hold", () => {
  const cases: [columns: number, line: string][] = [
    [
      100,
      "[#################.................]   50%  50 MiB of 100 MiB           10 MiB/s       0:05 left",
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
  // Without any speed there is no time left to show, and more room.
  assertEquals(new Set(lengths.slice(1)).size, 1);
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
    "[############################]  100%  0 B of 0 B                  0 B/s",
  );
});

Deno.test("renderBar() keeps to its columns whatever the fraction", () => {
  assertEquals(renderBar(0, 4), "[....]");
  assertEquals(renderBar(0.74, 4), "[##..]");
  assertEquals(renderBar(1.5, 4), "[####]");
  assertEquals(renderBar(-1, 4), "[....]");
});

Deno.test("formatSize() uses binary units", () => {
  assertEquals([0, 1023, 262_144, 1.25 * 1024 ** 3].map(formatSize), [
    "0 B",
    "1,023 B",
    "256 KiB",
    "1.3 GiB",
  ]);
});

Deno.test("formatDuration() counts hours, minutes and seconds", () => {
  assertEquals([0, 6.2, 59.5, 750, 3723].map(formatDuration), [
    "0:00",
    "0:07",
    "1:00",
    "12:30",
    "1:02:03",
  ]);
});
