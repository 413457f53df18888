/**
 * Reads the output of `deno test --parallel`: counts, durations, ignored tests
 * and the report of failures. Pure.
 *
 * @module
 */
import { stripAnsiCode } from "@std/fmt/colors";

/** Numbers of tests by result. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A test and its duration. */
export interface TimedTest {
  /** File and name. */
  readonly name: string;
  readonly durationMs: number;
}

/** Everything that one run of `deno test` printed. */
export interface TestOutput {
  /** Undefined if the run ended before its summary. */
  readonly counts: TestCounts | undefined;
  readonly tests: readonly TimedTest[];
  /** Names of ignored tests, which contain the reason. */
  readonly ignored: readonly string[];
  /** Errors of failed tests, or the whole output without a summary. */
  readonly failures: string;
}

const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/m;
const TEST = /^(\S+ => .*) \.\.\. (?:ok|FAILED) \((?:(\d+)m)?(\d+)(ms|s)\)$/gm;
const IGNORED = /^(\S+ => .*) \.\.\. ignored/gm;
const ERRORS = /^ ERRORS $/m;

/** Reads what a run printed, with or without colors. */
export function parseTestOutput(output: string): TestOutput {
  const text = stripAnsiCode(output);
  const summary = SUMMARY.exec(text);
  const tests = [...text.matchAll(TEST)].map((
    [, name, minutes = 0, count, unit],
  ) => ({
    name: name!,
    durationMs: Number(minutes) * 60_000 +
      Number(count) * (unit === "s" ? 1000 : 1),
  }));
  const errors = ERRORS.exec(text);
  return {
    counts: summary === null ? undefined : {
      passed: Number(summary[1]),
      failed: Number(summary[2]),
      skipped: Number(summary[3] ?? 0),
    },
    tests,
    ignored: [...text.matchAll(IGNORED)].map(([, name]) => name!),
    failures: summary === null ? text : text.slice(errors?.index ?? Infinity),
  };
}

/** The tests that took longest, longest first. */
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

/** The sum of two runs. */
export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}
