import { assertEquals, assertThrows } from "@std/assert";
import { judge, replaceSection } from "../../scripts/bench/report.ts";
import type { Target } from "../../scripts/bench/row.ts";
import {
  parseCallCount,
  parseProcessUsage,
} from "../../scripts/bench/swarm_run.ts";

const FASTER: Target = {
  metric: "rate",
  text: "at least twice the fastest",
  limit: "at least",
  factor: 2,
  reference: { type: "bestOf", contenders: ["one", "two"] },
};
const CHEAPER: Target = {
  metric: "cpu",
  text: "below the lowest",
  limit: "below",
  factor: 1,
  reference: { type: "bestOf", contenders: ["one", "two"] },
};
const BOUND: Target = {
  metric: "cpu",
  text: "at most 4",
  limit: "at most",
  factor: 1,
  reference: { type: "constant", value: 4 },
};
const RESULTS = [
  {
    name: "ours",
    runs: [{ rate: 90, cpu: 3 }, { rate: 100, cpu: 5 }, { rate: 110, cpu: 4 }],
  },
  { name: "one", runs: [{ rate: 40, cpu: 2 }, { rate: 60, cpu: 2.5 }] },
  { name: "two", runs: [], remark: "two is not installed" },
  { name: "three", runs: [{ rate: 99, cpu: undefined }] },
];

Deno.test("judge() compares our median with the best of the measured others", () => {
  assertEquals(judge(FASTER, RESULTS), {
    metric: "rate",
    target: "at least twice the fastest",
    measured: 100,
    reference: 50,
    referenceName: "one",
    ratio: 2,
    isMet: true,
  });
  const faster = [...RESULTS, { name: "two", runs: [{ rate: 51, cpu: 2 }] }];
  assertEquals(judge(FASTER, faster)?.referenceName, "two");
  assertEquals(judge(CHEAPER, faster)?.referenceName, "two");
  assertEquals(judge(FASTER, faster)?.isMet, false);
});

Deno.test("judge() knows at least, at most and below", () => {
  const ours = [{ name: "ours", runs: [{ rate: 4 }] }];
  const outcomes = (["at least", "at most", "below"] as const).map((limit) =>
    [3, 4, 5].map((value) =>
      judge({
        ...FASTER,
        ...{ limit, factor: 1, reference: { type: "constant", value } },
      }, ours)?.isMet
    )
  );
  assertEquals(outcomes, [
    [true, true, false],
    [false, true, true],
    [false, false, true],
  ]);
});

Deno.test("judge() has no verdict if one side was not measured", () => {
  assertEquals(judge(FASTER, RESULTS.slice(0, 1)), undefined);
  assertEquals(judge(BOUND, [{ name: "ours", runs: [] }]), undefined);
  assertEquals(judge(BOUND, []), undefined);
});

Deno.test("replaceSection() replaces the figures of one row", () => {
  const text = "# A\n\n<!-- bench:a -->\nold\n<!-- /bench:a -->\n\nrest\n";
  const replaced = replaceSection(text, "a", "new");
  assertEquals(
    replaced,
    "# A\n\n<!-- bench:a -->\n\nnew\n\n<!-- /bench:a -->\n\nrest\n",
  );
  assertEquals(replaceSection(replaced, "a", "new"), replaced);
  assertThrows(() => replaceSection(text, "b", "new"), Error, "bench:b");
});

Deno.test("parseProcessUsage() accepts any program name", () => {
  assertEquals(
    parseProcessUsage(
      "7 (a) b (c)) S 1 7 7 0 -1 4 100 0 0 0 250 75 0 0 20 0 3\n" +
        "Name:\ta) b (c)\nVmPeak:\t  900 kB\nVmHWM:\t   512 kB\nVmRSS:\t   256 kB\n",
    ),
    {
      cpuSeconds: 3.25,
      peakMemoryBytes: 512 * 1024,
      memoryBytes: 256 * 1024,
    },
  );
});

Deno.test("parseProcessUsage() returns nothing for a process that has ended", () => {
  assertEquals(
    parseProcessUsage("7 (a) Z 1 7 7 0 -1 4 1 0 0 0 2 3 0\nName:\ta\n"),
    undefined,
  );
});

Deno.test("parseCallCount() reads the total of strace -c, with and without errors", () => {
  const total = (errors: string): string =>
    "% time     seconds  usecs/call     calls    errors syscall\n" +
    "------ ----------- ----------- --------- --------- ------------------\n" +
    " 75.00    0.300000           3    100000           write\n" +
    " 25.00    0.100000           5     20000        12 futex\n" +
    "------ ----------- ----------- --------- --------- ------------------\n" +
    `100.00    0.400000           3    120000 ${errors} total\n`;
  assertEquals(parseCallCount(total("       12")), 120_000);
  assertEquals(parseCallCount(total("         ")), 120_000);
  assertThrows(() => parseCallCount("strace: Process 7 attached"), Error);
});

Deno.test("judge() takes the median of the participant that a target names", () => {
  const target = { ...BOUND, participant: "one" };
  assertEquals(judge(target, RESULTS)?.measured, 2.25);
  assertEquals(judge({ ...target, participant: "two" }, RESULTS), undefined);
});
