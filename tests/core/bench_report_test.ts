import { assertEquals } from "@std/assert";
import { formatResults, judge } from "../../scripts/bench/report.ts";
import type { Row, Target } from "../../scripts/bench/row.ts";
import { parseProcessUsage } from "../../scripts/bench/process_usage.ts";

const FASTER: Target = {
  metric: "rate",
  text: "at least twice the fastest of one and two",
  limit: "at least",
  factor: 2,
  reference: { type: "bestOf", contenders: ["one", "two"] },
};
const CHEAPER: Target = {
  metric: "cpu",
  text: "below the lowest",
  limit: "at most",
  factor: 1,
  reference: { type: "bestOf", contenders: ["one", "two"] },
};
const ROW: Row = {
  name: "sample",
  work: "a sample",
  metrics: [
    { id: "rate", label: "MiB/s", decimals: 0 },
    { id: "cpu", label: "CPU s", decimals: 2 },
  ],
  targets: [FASTER, CHEAPER],
  prepare: () => Promise.resolve([]),
};
const RESULTS = [
  {
    name: "ours",
    runs: [{ rate: 90, cpu: 3 }, { rate: 100, cpu: 5 }, { rate: 110, cpu: 4 }],
  },
  { name: "one", runs: [{ rate: 40, cpu: 2 }, { rate: 60, cpu: 2.5 }] },
  { name: "two", runs: [], failure: "two is not installed" },
  { name: "three", runs: [{ rate: 99, cpu: undefined }] },
];

Deno.test("judge() compares the median of ours with the best of those that were measured", () => {
  assertEquals(judge(FASTER, RESULTS), {
    metric: "rate",
    target: "at least twice the fastest of one and two",
    measured: 100,
    reference: 50,
    ratio: 2,
    isMet: true,
  });
  const verdict = judge(CHEAPER, RESULTS);
  assertEquals([verdict?.ratio, verdict?.isMet], [4 / 2.25, false]);
});

Deno.test("judge() compares with a bound, and says nothing where a side is missing", () => {
  const bound: Target = {
    ...CHEAPER,
    reference: { type: "constant", value: 4 },
  };
  assertEquals(judge(bound, RESULTS)?.isMet, true);
  assertEquals(judge(FASTER, RESULTS.slice(0, 1)), undefined);
  assertEquals(judge(FASTER, [{ name: "ours", runs: [] }]), undefined);
});

Deno.test("formatResults() shows medians, runs, who is missing and what became of the targets", () => {
  assertEquals(
    formatResults(ROW, RESULTS),
    [
      "       MiB/s  CPU s  runs",
      "ours     100   4.00  90 100 110",
      "one       50   2.25  40 60",
      "three     99      -  99",
      "two: two is not installed",
      "target: MiB/s at least twice the fastest of one and two: 2.00 ×, met",
      "target: CPU s below the lowest: 1.78 ×, not met",
    ].join("\n"),
  );
});

Deno.test("parseProcessUsage() reads past a program's name, whatever it is", () => {
  assertEquals(
    parseProcessUsage(
      "7 (a) b (c)) S 1 7 7 0 -1 4 100 0 0 0 250 75 0 0 20 0 3\n" +
        "Name:\ta) b (c)\nVmPeak:\t  900 kB\nVmHWM:\t   512 kB\n",
    ),
    { cpuSeconds: 3.25, peakMemoryBytes: 512 * 1024 },
  );
  assertEquals(
    parseProcessUsage("7 (a) Z 1 7 7 0 -1 4 1 0 0 0 2 3 0\nName:\ta\n"),
    undefined,
  );
});
