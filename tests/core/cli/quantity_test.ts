import { assertEquals, assertThrows } from "@std/assert";
import {
  formatDuration,
  formatTimeLeft,
  msUntil,
  plural,
  readDuration,
  readRate,
  readSize,
  TIME_LEFT_COLUMNS,
} from "../../../cli/quantity.ts";

Deno.test("readSize() reads bytes and binary units", () => {
  const cases: [text: string, bytes: number][] = [
    ["0", 0],
    ["16384", 16_384],
    ["16KiB", 16_384],
    ["500k", 512_000],
    ["1MiB", 1_048_576],
    ["256mib", 268_435_456],
  ];
  for (const [text, bytes] of cases) assertEquals(readSize(text), bytes, text);
});

Deno.test("readSize() refuses everything else", () => {
  const cases = [
    ...["", "-1", "1.5MiB", "1e6", "1 MiB", "1MB", "1GiB"],
    "999999999999999m",
  ];
  for (const text of cases) {
    assertThrows(() => readSize(text), RangeError, `"${text}" is not a size`);
  }
});

Deno.test("readDuration() reads seconds, minutes, hours and forever", () => {
  const cases: [text: string, milliseconds: number][] = [
    ["90s", 90_000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["90", 90_000],
    ["0", 0],
    ["forever", Infinity],
  ];
  for (const [text, ms] of cases) assertEquals(readDuration(text), ms, text);
});

Deno.test("readDuration() refuses everything else", () => {
  for (const text of ["", "-1", "1.5m", "1e3", "10 m", "10M", "1d", "1h30m"]) {
    assertThrows(() => readDuration(text), RangeError, `"${text}" is not a`);
  }
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

Deno.test("formatTimeLeft() is empty if the end is unknown or far away", () => {
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

Deno.test("msUntil() counts to the next such time of the day", () => {
  const now = new Date(2026, 10, 29, 18, 0);
  const minute = 60_000;
  assertEquals(msUntil("18:01", now), minute);
  assertEquals(msUntil("18:00", now), 24 * 60 * minute);
  assertEquals(msUntil("7:30", now), (13 * 60 + 30) * minute);
  for (const text of ["24:00", "7", "7:60", "-1:00", "7:30pm"]) {
    assertThrows(() => msUntil(text, now), RangeError, text);
  }
});

Deno.test("readRate() reads rates of either kind of unit, and none", () => {
  const rates = {
    ...{ none: 0, "5000": 5_000, "10MB/s": 10_000_000, "10m": 10_000_000 },
    ...{ "800KiB/s": 819_200, "1.5MiB": 1_572_864, "2GB/s": 2_000_000_000 },
  };
  for (const [text, rate] of Object.entries(rates)) {
    assertEquals(readRate(text), rate, text);
  }
  for (const text of ["", "0", "1B/s", "10MB/h", "-5MB", "1e9", "99999999TB"]) {
    assertThrows(() => readRate(text), RangeError, "not a rate", text);
  }
});
