import { assertEquals } from "@std/assert";
import {
  formatCounts,
  parseTestOutput,
  slowestTests,
} from "../../scripts/test_output.ts";

const OUTPUT = [
  "running 2 tests from ./tests/a_test.ts",
  "\x1b[0m\x1b[38;5;245m./tests/a_test.ts => says: ok | 1 passed ... \x1b[0m\x1b[32mok\x1b[0m \x1b[38;5;245m(719ms)\x1b[0m",
  "./tests/a_test.ts => is slow ... FAILED (1m2s)",
  "./tests/b_test.ts => is cold (ignored: no heating) ... ignored (0ms)",
  "",
  " ERRORS ",
  "",
  "is slow => ./tests/a_test.ts:1:6",
  "\x1b[31mFAILED\x1b[0m | 1 passed (2 steps) | 1 failed (1 step) | 1 ignored \x1b[38;5;245m(2s)\x1b[0m",
].join("\n");

Deno.test("parseTestOutput() reads counts, durations, reasons and errors", () => {
  const { counts, tests, ignored, failures } = parseTestOutput(OUTPUT);
  assertEquals(counts, { passed: 1, failed: 1, skipped: 1 });
  assertEquals(slowestTests(tests, 5), [
    { name: "./tests/a_test.ts => is slow", durationMs: 62_000 },
    {
      name: "./tests/a_test.ts => says: ok | 1 passed",
      durationMs: 719,
    },
  ]);
  assertEquals(slowestTests(tests, 1).length, 1);
  assertEquals(ignored, [
    "./tests/b_test.ts => is cold (ignored: no heating)",
  ]);
  assertEquals(failures.split("\n")[2], "is slow => ./tests/a_test.ts:1:6");
});

Deno.test("parseTestOutput() keeps all of an output without a summary", () => {
  const output = parseTestOutput("./tests/a_test.ts => a ... ok (1ms)\npanic");
  assertEquals(output.counts, undefined);
  assertEquals(output.failures.endsWith("panic"), true);
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
