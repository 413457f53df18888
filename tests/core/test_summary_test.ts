import { assertEquals } from "@std/assert";
import { formatCounts, parseSummary } from "../../scripts/test_summary.ts";

Deno.test("parseSummary() reads the counts through colours and steps", () => {
  assertEquals(parseSummary("ok | 23 passed | 0 failed (719ms)"), {
    passed: 23,
    failed: 0,
    skipped: 0,
  });
  assertEquals(
    parseSummary(
      "\x1b[31mFAILED\x1b[0m | 1 passed (2 steps) | 3 failed (1 step) | 4 ignored \x1b[38;5;245m(2s)\x1b[0m",
    ),
    { passed: 1, failed: 3, skipped: 4 },
  );
});

Deno.test("parseSummary() takes no other line for the summary", () => {
  assertEquals(parseSummary("a test ... ok (1ms)"), undefined);
  assertEquals(parseSummary("says: ok | 1 passed | 0 failed"), undefined);
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
