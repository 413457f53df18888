import { assertEquals } from "@std/assert";
import {
  formatAge,
  formatCount,
  formatDuration,
  formatFraction,
  formatPlural,
  formatSize,
  formatSpeed,
  formatTimeLeft,
} from "../../../../lib/tracker/page/units.ts";

const KIB = 1024;

Deno.test("formatSize() shows at most three digits", () => {
  assertEquals(
    [0, 17, 999, 1000, 1.25 * KIB, 99.94 * KIB, 99.96 * KIB, 999.4 * KIB]
      .map(formatSize),
    [
      "0 B",
      "17 B",
      "999 B",
      "1 KiB",
      "1.3 KiB",
      "99.9 KiB",
      "100 KiB",
      "999 KiB",
    ],
  );
  assertEquals(formatSize(2 ** 53), "8 PiB");
  assertEquals(formatSpeed(11.2 * KIB * KIB), "11.2 MiB/s");
});

Deno.test("formatCount() and formatPlural() show thousands", () => {
  assertEquals(
    [0, 999, 1_000, 1_234_567].map(formatCount),
    ["0", "999", "1,000", "1,234,567"],
  );
  assertEquals(
    [1, 9_000].map((count) => formatPlural(count, "host")),
    ["1 host", "9,000 hosts"],
  );
});

Deno.test("formatFraction() shows 100% only for a complete copy", () => {
  assertEquals([0, 0.999, 1].map(formatFraction), ["0%", "99%", "100%"]);
});

Deno.test("formatDuration() shows the two largest units", () => {
  assertEquals(
    [0, 59, 60, 3_599, 3_600, 90_061].map(formatDuration),
    ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "1 d 1 h"],
  );
});

Deno.test("formatTimeLeft() rounds up to larger steps for longer times", () => {
  assertEquals(
    [0, 3, 31, 56, 61, 95, 571, 601, 3_599, 3_601, 36_000, 1e6, Infinity]
      .map(formatTimeLeft),
    [
      "5 s",
      "5 s",
      "35 s",
      "1 min",
      "1 min 30 s",
      "2 min",
      "10 min",
      "11 min",
      "1 h",
      "1 h 10 min",
      "10 h",
      "days",
      "days",
    ],
  );
});

Deno.test("formatAge() rounds down", () => {
  assertEquals(
    [0, 9.9, 10, 59, 60, 3_599, 7_200].map(formatAge),
    [
      "just now",
      "just now",
      "10 s ago",
      "50 s ago",
      "1 min ago",
      "59 min ago",
      "2 h ago",
    ],
  );
});
