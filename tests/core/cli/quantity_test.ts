import { assertEquals } from "@std/assert";
import {
  formatDuration,
  formatSize,
  formatTimeLeft,
  parseSize,
  plural,
  TIME_LEFT_COLUMNS,
} from "../../../cli/quantity.ts";

Deno.test("formatSize() uses binary units", () => {
  assertEquals([0, 1023, 262_144, 1.25 * 1024 ** 3].map(formatSize), [
    "0 B",
    "1,023 B",
    "256 KiB",
    "1.3 GiB",
  ]);
});

Deno.test("parseSize() reads bytes and binary units", () => {
  const cases: [text: string, bytes: number | undefined][] = [
    ["0", 0],
    ["16384", 16_384],
    ["16KiB", 16_384],
    ["500k", 512_000],
    ["1MiB", 1_048_576],
    ["256mib", 268_435_456],
    ["", undefined],
    ["-1", undefined],
    ["1.5MiB", undefined],
    ["1e6", undefined],
    ["1 MiB", undefined],
    ["1MB", undefined],
    ["1GiB", undefined],
    ["999999999999999m", undefined],
  ];
  for (const [text, bytes] of cases) assertEquals(parseSize(text), bytes, text);
});

Deno.test("formatDuration() counts hours, minutes and seconds", () => {
  assertEquals([0, 6.2, 59.5, 750, 3723].map(formatDuration), [
    "0:00",
    "0:07",
    "1:00",
    "12:30",
    "1:02:03",
  ]);
});

Deno.test("formatTimeLeft() says nothing of an end that is not known or far away", () => {
  assertEquals([4850, 99 * 3600].map(formatTimeLeft), [
    "1:20:50 left",
    "99:00:00 left",
  ]);
  for (const seconds of [undefined, NaN, Infinity, 0, -1, 99 * 3600 + 1]) {
    assertEquals(formatTimeLeft(seconds), "");
  }
  assertEquals(formatTimeLeft(99 * 3600).length, TIME_LEFT_COLUMNS);
});

Deno.test("plural() counts", () => {
  const counts = [0, 1, 2].map((count) => plural(count, "peer"));
  assertEquals(counts, ["0 peers", "1 peer", "2 peers"]);
});
