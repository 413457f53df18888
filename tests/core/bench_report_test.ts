import { assertEquals } from "@std/assert";
import { formatTable, summarize } from "../../scripts/bench/report.ts";

Deno.test("summarize() takes each contender's median and compares with the first", () => {
  const summaries = summarize({
    benchmark: "one-to-one",
    lengthBytes: 8 * 1024 * 1024,
    measurements: [
      { name: "ours", seconds: 3 },
      { name: "other", seconds: 4 },
      { name: "ours", seconds: 1 },
      { name: "other", seconds: 8 },
      { name: "ours", seconds: 2 },
    ],
  });
  assertEquals(summaries, [
    {
      name: "ours",
      seconds: [3, 1, 2],
      medianSeconds: 2,
      mebibytesPerSecond: 4,
      ratio: 1,
    },
    {
      name: "other",
      seconds: [4, 8],
      medianSeconds: 6,
      mebibytesPerSecond: 8 / 6,
      ratio: 3,
    },
  ]);
  assertEquals(
    formatTable(summaries),
    [
      "       median s  MiB/s  time ratio  runs",
      "ours       2.00      4        1.00  3.00 1.00 2.00",
      "other      6.00      1        3.00  4.00 8.00",
    ].join("\n"),
  );
});
