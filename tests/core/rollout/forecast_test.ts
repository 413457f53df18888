import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  type Finish,
  forecast,
  type HostCourse,
} from "../../../lib/rollout/forecast.ts";
import { Progress } from "../../../lib/rollout/forecast.ts";
import { rolloutMetrics } from "../../../lib/rollout/rollout_document.ts";
import { A, createRollout, report } from "./rollout_sample.ts";

/** A host that starts at a time and gains as much a second until `untilMs`. */
function course(
  { bytesPerSecond, startMs = 0, untilMs, left = 1_000, ...changes }:
    & {
      readonly bytesPerSecond: number;
      readonly startMs?: number;
      readonly untilMs: number;
      readonly left?: number;
    }
    & Partial<HostCourse>,
): HostCourse {
  const progress = new Progress();
  for (let nowMs = startMs; nowMs <= untilMs; nowMs += 1_000) {
    const gained = bytesPerSecond * (nowMs - startMs) / 1_000;
    progress.add(Math.max(0, left - gained), { nowMs });
  }
  return {
    progress,
    mostDown: bytesPerSecond,
    mostUp: 0,
    isActive: true,
    completeAtMs: undefined,
    ...changes,
  };
}

function finishOf(
  hosts: readonly HostCourse[],
  nowMs = 30_000,
  sourceUp = 100,
): Finish {
  return forecast(hosts, { nowMs, sourceUp })!;
}

Deno.test("forecast() finds the end of the last host", () => {
  const untilMs = 30_000;
  const finish = finishOf([
    course({ bytesPerSecond: 10, untilMs }),
    course({ bytesPerSecond: 20, untilMs }),
  ]);
  assertAlmostEquals(finish.leftMs, 70_000, 1);
  assertAlmostEquals(finish.endMs, 100_000, 1);
  assertAlmostEquals(finish.uncertaintyMs, 3_500, 1);
});

Deno.test("forecast() takes the median rate for a host that has just begun", () => {
  const finish = finishOf([
    course({ bytesPerSecond: 20, untilMs: 30_000 }),
    course({ bytesPerSecond: 20, untilMs: 30_000 }),
    course({ bytesPerSecond: 0, startMs: 30_000, untilMs: 30_000 }),
  ]);
  assertAlmostEquals(finish.leftMs, 50_000, 1);
});

Deno.test("forecast() states more doubt at first, and where the rate changes", () => {
  const early = course({ bytesPerSecond: 10, untilMs: 5_000 });
  const { leftMs, uncertaintyMs } = finishOf([early], 5_000);
  assert(uncertaintyMs > 0.2 * leftMs, `${uncertaintyMs} of ${leftMs}`);
  const slower = course({ bytesPerSecond: 20, untilMs: 30_000 });
  for (let nowMs = 31_000; nowMs <= 40_000; nowMs += 1_000) {
    slower.progress.add(400 - (nowMs - 30_000) / 1_000, { nowMs });
  }
  const changed = finishOf([slower], 40_000);
  assert(changed.uncertaintyMs > changed.leftMs, `${changed.uncertaintyMs}`);
});

Deno.test("forecast() leaves out hosts that are stuck or gone, and says nothing while none moves", () => {
  const untilMs = 30_000;
  const moving = course({ bytesPerSecond: 20, untilMs });
  const still = course({ bytesPerSecond: 0, untilMs, isActive: false });
  assertAlmostEquals(finishOf([moving, still]).leftMs, 20_000, 1);
  for (
    const hosts of [
      [],
      [still],
      [course({ bytesPerSecond: 0, untilMs })],
      [course({ bytesPerSecond: 1e-9, untilMs, mostDown: 1 })],
      // They had everything before.
      [course({ bytesPerSecond: 0, left: 0, untilMs, completeAtMs: 0 })],
    ]
  ) assertEquals(forecast(hosts, { nowMs: untilMs, sourceUp: 0 }), undefined);
  const young = [course({ bytesPerSecond: 10, untilMs: 1_000 })];
  assertEquals(forecast(young, { nowMs: 1_000, sourceUp: 10 }), undefined);
});

Deno.test("forecast() knows the end once all hosts are complete", () => {
  const done = (completeAtMs: number): HostCourse =>
    course({ bytesPerSecond: 25, untilMs: 40_000, completeAtMs });
  const gone = course({ bytesPerSecond: 9, untilMs: 9_000, isActive: false });
  const some = { nowMs: 90_000, sourceUp: 10 };
  assertEquals(forecast([done(40_000), gone], some), undefined);
  const finish = finishOf([done(40_000), done(41_000)], 90_000);
  assertEquals(
    [finish.leftMs, finish.uncertaintyMs, finish.endMs],
    [0, 0, 41_000],
  );
  assertAlmostEquals(finish.ofBound, 40 / 41, 0.001);
});

Deno.test("the bound is the largest of what the source, a host and all together can move", () => {
  const untilMs = 30_000;
  const hosts = (mostDown: number, mostUp: number): HostCourse[] =>
    [10, 20].map((bytesPerSecond) =>
      course({ bytesPerSecond, untilMs, mostDown, mostUp })
    );
  // 1,000 bytes for each of two hosts.
  assertEquals(finishOf(hosts(100, 100), untilMs, 20).boundMs, 50_000);
  assertEquals(finishOf(hosts(20, 100), untilMs, 50).boundMs, 50_000);
  assertEquals(finishOf(hosts(100, 5), untilMs, 30).boundMs, 50_000);
  const late = course({ bytesPerSecond: 50, startMs: 20_000, untilMs });
  assertEquals(finishOf([...hosts(100, 100), late]).boundMs, 40_000);
});

Deno.test("Progress counts what a host receives, as many pieces may be begun", () => {
  const progress = new Progress();
  for (let second = 0; second <= 10; second++) {
    progress.add(1_000, { nowMs: second * 1_000, bytesPerSecond: 8 });
  }
  assertAlmostEquals(progress.rate(0), 8, 0.01);
  assertEquals(progress.missing, 920);
  // At most a tenth: the rest would be waste.
  for (let second = 11; second <= 90; second++) {
    progress.add(1_000, { nowMs: second * 1_000, bytesPerSecond: 8 });
  }
  assertEquals(progress.missing, 900);
});

Deno.test("Progress keeps its whole past in a bounded number of samples", () => {
  const progress = new Progress();
  for (let second = 0; second <= 100_000; second++) {
    progress.add(1e6 - 5 * second, { nowMs: second * 1_000 });
  }
  assertAlmostEquals(progress.rate(-Infinity), 5, 0.001);
  assertAlmostEquals(progress.rate(90_000_000), 5, 0.001);
  assertEquals([progress.startLeft, progress.startMs], [1e6, 0]);
});

Deno.test("a rollout forecasts the end from the reports of its hosts", () => {
  const rollout = createRollout();
  rollout.addShare(A, 1_000, () => ({
    torrent: { geometry: { pieceCount: 10 } },
    peerPieces: () => [],
    snapshot: () => ({ uploadBytesPerSecond: 40 }),
  }));
  for (let second = 0; second <= 20; second++) {
    for (const digit of ["1", "2"]) {
      const fraction = second * (digit === "1" ? 0.02 : 0.04);
      rollout.reported(
        report(digit, { fraction, downloadBytesPerSecond: 1_000 * fraction }),
        `192.168.1.${digit}`,
        second * 1_000,
      );
    }
  }
  const finish = rollout.finish(20_000, A)!;
  assert(finish.leftMs > 0 && finish.leftMs < 60_000, `${finish.leftMs}`);
  assertEquals(finish.boundMs > 0, true);
  const numberOf = (nowMs: number): number | undefined =>
    rolloutMetrics(rollout, nowMs)
      .find(({ name }) => name === "share_finish_seconds")?.samples[0]?.value;
  assertEquals(numberOf(20_000), finish.leftMs / 1_000);
  // They became silent.
  assertEquals(rollout.finish(60_000, A), undefined);
  assertEquals(numberOf(60_000), undefined);
  // Nor is there an end while the share is paused.
  rollout.control.setPaused(undefined, true);
  assertEquals(rollout.finish(20_000, A), undefined);
});
