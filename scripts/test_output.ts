/**
 * Reads the results of `deno test --parallel`: counts and the report of failures
 * from its output, names and durations from its JUnit file, as one worker runs the
 * tests of many files. Pure.
 */
import { stripAnsiCode } from "@std/fmt/colors";
import { unescape } from "@std/html/entities";

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface TimedTest {
  readonly name: string;
  readonly durationMs: number;
}

/** The tests of one run of `deno test`. */
export interface TestCases {
  /** Passed and failed ones. */
  readonly tests: readonly TimedTest[];
  /** Names of ignored tests, which contain the reason. */
  readonly ignored: readonly string[];
}

/** Counts and errors that one run of `deno test` printed. */
export interface TestOutput {
  /** Undefined if the run ended before its summary. */
  readonly counts: TestCounts | undefined;
  /** Errors of failed tests, or the whole output without a summary. */
  readonly failures: string;
}

const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/m;
const CASE =
  /<testcase name="([^"]*)" classname="[^"]*" time="([\d.]+)"[^>]*>\s*(<skipped)?/g;
const ERRORS = /^ ERRORS $/m;

/** Reads what a run printed, with or without colors. */
export function parseTestOutput(output: string): TestOutput {
  const text = stripAnsiCode(output);
  const summary = SUMMARY.exec(text);
  const errors = ERRORS.exec(text);
  return {
    counts: summary === null ? undefined : {
      passed: Number(summary[1]),
      failed: Number(summary[2]),
      skipped: Number(summary[3] ?? 0),
    },
    failures: summary === null ? text : text.slice(errors?.index ?? Infinity),
  };
}

export function parseTestCases(xml: string): TestCases {
  const tests: TimedTest[] = [];
  const ignored: string[] = [];
  for (const [, title, seconds, skipped] of xml.matchAll(CASE)) {
    const name = unescape(title!);
    if (skipped !== undefined) ignored.push(name);
    else tests.push({ name, durationMs: Number(seconds) * 1000 });
  }
  return { tests, ignored };
}

export function slowestTests(
  tests: readonly TimedTest[],
  count: number,
): TimedTest[] {
  return tests.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, count);
}

/** `3 passed, 0 failed`, followed by the number of skipped tests if any. */
export function formatCounts(counts: TestCounts): string {
  const { passed, failed, skipped } = counts;
  return `${passed} passed, ${failed} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : "");
}

export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  const [passed, failed] = [a.passed + b.passed, a.failed + b.failed];
  return { passed, failed, skipped: a.skipped + b.skipped };
}
