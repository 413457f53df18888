import { assertEquals } from "@std/assert";
import {
  formatCounts,
  parseTestCases,
  parseTestOutput,
  slowestTests,
} from "../../scripts/test_output.ts";

const OUTPUT = [
  "running 2 tests from ./part-1.ts",
  "\x1b[0m\x1b[38;5;245m./part-1.ts => says: ok | 1 passed ... \x1b[0m\x1b[32mok\x1b[0m \x1b[38;5;245m(719ms)\x1b[0m",
  "./part-1.ts => is slow ... FAILED (1m2s)",
  "",
  " ERRORS ",
  "",
  "is slow => ./tests/a_test.ts:1:6",
  "\x1b[31mFAILED\x1b[0m | 1 passed (2 steps) | 1 failed (1 step) | 1 ignored \x1b[38;5;245m(2s)\x1b[0m",
].join("\n");

Deno.test("parseTestOutput() reads counts and errors", () => {
  const { counts, failures } = parseTestOutput(OUTPUT);
  assertEquals(counts, { passed: 1, failed: 1, skipped: 1 });
  assertEquals(failures.split("\n")[2], "is slow => ./tests/a_test.ts:1:6");
});

Deno.test("parseTestOutput() keeps all of an output without a summary", () => {
  const output = parseTestOutput("./tests/a_test.ts => a ... ok (1ms)\npanic");
  assertEquals(output.counts, undefined);
  assertEquals(output.failures.endsWith("panic"), true);
});

const CASES =
  `<testsuites name="deno test" tests="3" failures="1" time="62.719">
    <testsuite name="./tests/a_test.ts" tests="2" disabled="0" errors="0" failures="1">
        <testcase name="says: &quot;a&quot; &amp; b" classname="./tests/a_test.ts" time="0.719" line="1" col="6">
        </testcase>
        <testcase name="is slow" classname="./tests/a_test.ts" time="62.000" line="2" col="6">
            <failure message="Uncaught Error: x">Error: x</failure>
        </testcase>
    </testsuite>
    <testsuite name="./tests/b_test.ts" tests="1" disabled="1" errors="0" failures="0">
        <testcase name="is cold (ignored: no heating)" classname="./tests/b_test.ts" time="0.000" line="3" col="6">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("parseTestCases() reads names, durations and what is ignored", () => {
  const { tests, ignored } = parseTestCases(CASES);
  assertEquals(slowestTests(tests, 5), [
    { name: "is slow", durationMs: 62_000 },
    { name: 'says: "a" & b', durationMs: 719 },
  ]);
  assertEquals(slowestTests(tests, 1).length, 1);
  assertEquals(ignored, [
    "is cold (ignored: no heating)",
  ]);
});

Deno.test("formatCounts() names skipped tests only if there are any", () => {
  assertEquals(
    formatCounts({ passed: 2, failed: 0, skipped: 0 }),
    "2 passed, 0 failed",
  );
  assertEquals(
    formatCounts({ passed: 2, failed: 1, skipped: 3 }),
    "2 passed, 1 failed, 3 skipped",
  );
});
