/**
 * Reads the counts off the last lines of `deno test`.
 *
 * @module
 */
import { stripAnsiCode } from "@std/fmt/colors";

/** How many tests of a run came out how. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/;

/** The counts a line holds, or undefined if it is not the summary. */
export function parseSummary(line: string): TestCounts | undefined {
  const match = SUMMARY.exec(stripAnsiCode(line).trim());
  if (match === null) return undefined;
  const [, passed, failed, skipped = 0] = match;
  return {
    passed: Number(passed),
    failed: Number(failed),
    skipped: Number(skipped),
  };
}

/** `3 passed, 0 failed`, and the skipped ones if there are any. */
export function formatCounts(counts: TestCounts): string {
  const { passed, failed, skipped } = counts;
  return `${passed} passed, ${failed} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : "");
}

/** Both runs together. */
export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}
