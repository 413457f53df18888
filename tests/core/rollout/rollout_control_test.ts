import { assertEquals } from "@std/assert";
import { parseReportAnswer } from "../../../lib/rollout/host_report.ts";
import { RolloutControl } from "../../../lib/rollout/rollout_control.ts";
import { A, B, createRollout, report, rowsOf } from "./rollout_sample.ts";

const HOST = "192.168.1.1";

Deno.test("RolloutControl pauses one share, or all of them", () => {
  const control = new RolloutControl();
  let changes = 0;
  control.listeners.add(() => changes++);
  control.setPaused(A, true);
  assertEquals([control.of(A).isPaused, control.of(B).isPaused], [true, false]);
  control.setPaused(undefined, true);
  control.setPaused(A, false);
  assertEquals([control.of(A).isPaused, control.of(B).isPaused], [false, true]);
  control.setPaused(undefined, false);
  assertEquals([control.of(A).isPaused, control.of(B).isPaused], [
    ...[false, false],
  ]);
  assertEquals([changes, control.change], [4, 5]);
});

Deno.test("RolloutControl divides one limit among the hosts of all shares", () => {
  const control = new RolloutControl();
  control.setLimit(undefined, 9_000);
  const ask = (digit: string, infoHash = A): number | undefined =>
    control.answer(report(digit, { infoHash, change: 1 }), HOST, 0)
      .maxBytesPerSecond;
  assertEquals([ask("1"), ask("2", B), ask("3")], [9_000, 4_500, 3_000]);
  assertEquals(ask("1"), 3_000);
  // Of one that waits, or that knows of no limit, no part is taken.
  const waiting = report("4", { state: "waiting", change: 1 });
  assertEquals(control.answer(waiting, HOST, 0).maxBytesPerSecond, 2_250);
  assertEquals(
    control.answer(report("5"), HOST, 0).maxBytesPerSecond,
    2_250,
  );
  control.setLimit(B, 500);
  control.setPaused(undefined, true);
  assertEquals([ask("1"), ask("2", B)], [3_000, 500]);
  control.setLimit(undefined, undefined);
  assertEquals([ask("1"), ask("2", B)], [undefined, undefined]);
});

Deno.test("RolloutControl keeps the setting of a share that gets its info hash", () => {
  const control = new RolloutControl();
  control.setPaused("0123", true);
  control.rename("0123", A);
  assertEquals([control.of(A).isPaused, control.of("0123").isPaused], [
    ...[true, false],
  ]);
});

Deno.test("RolloutControl releases every host when the share ends", () => {
  const control = new RolloutControl();
  control.setPaused(undefined, true);
  control.setLimit(undefined, 1_024);
  control.end();
  assertEquals(control.answer(report("1", { change: 1 }), HOST, 0), {
    ...{ change: 4, isPaused: false },
    ...{ maxBytesPerSecond: undefined, isEnding: true },
  });
});

Deno.test("a host that is paused is not stuck, and has its time again when it is resumed", () => {
  const rollout = createRollout();
  rollout.reported(report("1"), HOST, 0);
  rollout.control.setPaused(A, true);
  for (let ms = 0; ms < 60_000; ms += 1_000) {
    rollout.reported(report("1"), HOST, ms);
  }
  assertEquals(rowsOf(rollout, 60_000), [
    "lab01 fetching: paused by the share",
  ]);
  rollout.control.setPaused(A, false);
  rollout.reported(report("1"), HOST, 70_000);
  assertEquals(rowsOf(rollout, 70_000), ["lab01 fetching"]);
  rollout.reported(report("1"), HOST, 81_000);
  assertEquals(rowsOf(rollout, 81_000)[0]?.startsWith("lab01 stuck"), true);
});

Deno.test("parseReportAnswer() reads the answer of any version, and nothing else", () => {
  const read = (value: unknown): unknown =>
    parseReportAnswer(new TextEncoder().encode(JSON.stringify(value)));
  const none = {
    ...{ change: 0, isPaused: false },
    ...{ maxBytesPerSecond: undefined, isEnding: false, source: undefined },
  };
  assertEquals(read({ version: 1 }), none);
  assertEquals(
    read({
      ...{ change: 3, paused: true, maxBytesPerSecond: 7, ending: true },
      ...{ source: "ab".repeat(20), x: 1 },
    }),
    {
      ...{ change: 3, isPaused: true, maxBytesPerSecond: 7, isEnding: true },
      source: "ab".repeat(20),
    },
  );
  for (
    const value of [
      { change: -1 },
      { change: "1" },
      { paused: 1 },
      { maxBytesPerSecond: 0 },
      { maxBytesPerSecond: 1.5 },
      { ending: null },
      { source: "AB".repeat(20) },
      { source: 7 },
    ]
  ) {
    let isRefused = false;
    try {
      read(value);
    } catch (error) {
      isRefused = (error as Error).name === "ProtocolError";
    }
    assertEquals(isRefused, true, JSON.stringify(value));
  }
});
