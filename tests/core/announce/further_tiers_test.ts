/** The schedule in virtual time, while the torrent lacks a source. */
import { assertEquals } from "@std/assert";
import { AnnounceSchedule } from "../../../lib/announce/announce_schedule.ts";
import { NO_CHANCE, play } from "./schedule_play.ts";

Deno.test("AnnounceSchedule asks the further tiers while a source is missing, each at its interval", () => {
  const schedule = new AnnounceSchedule([["a"], ["b"], ["c"]], NO_CHANCE);
  const lacks = (lacksSource: boolean) => (nowMs: number): void =>
    void schedule.setLacksSource(lacksSource, nowMs);
  assertEquals(
    play(schedule, {
      untilSeconds: 400,
      answers: (url) => url !== "b",
      at: { 4: lacks(true), 200: lacks(false) },
    }),
    [
      "0 a started ok",
      // At once: "a" has answered before, and is not asked again.
      "4 b started down",
      "4 c started ok",
      // "b" is due again a minute after its failure.
      "64 a update ok",
      "64 b started down",
      "124 a update ok",
      "124 b started down",
      "124 c update ok",
      "184 a update ok",
      "184 b started down",
      // With a source, the first tier alone.
      "244 a update ok",
      "364 a update ok",
    ],
  );
  assertEquals(schedule.stopTargets().map(({ url }) => url), ["a", "c"]);
});

Deno.test("AnnounceSchedule goes on behind a tracker that answers while a source is missing", () => {
  const schedule = new AnnounceSchedule([["a", "A"], ["b"]], NO_CHANCE);
  assertEquals(schedule.setLacksSource(true, 0), true);
  assertEquals(schedule.setLacksSource(true, 0), false);
  const lines = play(schedule, { untilSeconds: 130 });
  assertEquals(lines.map((line) => line.toLowerCase()), [
    "0 a started ok",
    "0 b started ok",
    "120 a update ok",
    "120 b update ok",
  ]);
});

Deno.test("AnnounceSchedule with one tier has nobody else to ask", () => {
  const schedule = new AnnounceSchedule([["a", "b"]], NO_CHANCE);
  assertEquals(schedule.setLacksSource(true, 0), false);
  assertEquals(play(schedule, { untilSeconds: 130 }).length, 2);
});

Deno.test("AnnounceSchedule hurries no tracker because one of the first tier has died", () => {
  const schedule = new AnnounceSchedule([["a"], ["b"]], NO_CHANCE);
  schedule.setLacksSource(true, 0);
  let isDead = false;
  const lines = play(schedule, {
    untilSeconds: 400,
    answers: (url) => url !== "a" || !isDead,
    at: { 60: () => isDead = true },
  });
  assertEquals(lines.filter((line) => line.includes(" b ")), [
    "0 b started ok",
    "120 b update ok",
    "240 b update ok",
    "360 b update ok",
  ]);
});
