import { assertEquals } from "@std/assert";
import { SpareCore } from "../../../lib/disk/spare_core.ts";

/** The load of a machine for some time: cores that this process uses, and idle ones. */
type Phase = readonly [
  seconds: number,
  usedCores: number,
  idleCores: number,
  /** @default {without} */
  usedWithWorker?: number,
];

/** The verdict after each half second, `+` if a core is spare. */
function verdicts(phases: readonly Phase[]): string {
  let [nowMs, usedMs, idleMs, text] = [0, 0, 0, ""];
  const core = new SpareCore(() => ({ nowMs, usedMs, idleMs }));
  let isFound = core.isFound(nowMs);
  for (const [seconds, without, idleCores, withWorker = without] of phases) {
    const endMs = nowMs + seconds * 1000;
    while (nowMs < endMs) {
      // As often as pieces arrive.
      nowMs += 10;
      usedMs += 10 * (isFound ? withWorker : without);
      idleMs += 10 * idleCores;
      isFound = core.isFound(nowMs);
      if (nowMs % 500 === 0) text += isFound ? "+" : "-";
    }
  }
  return text;
}

Deno.test("SpareCore finds a core while the process is busy and a core is idle", () => {
  assertEquals(verdicts([[0.5, 0.2, 3.8], [2, 1.8, 1.6, 2.7]]), "-++++");
  // Its seeder runs on the same four cores.
  assertEquals(verdicts([[2, 1.8, 0.9, 2.6]]), "++++");
});

Deno.test("SpareCore finds none where a leecher and its seeder keep two cores busy", () => {
  assertEquals(verdicts([[3, 1, 0.04]]), "------");
  assertEquals(verdicts([[3, 1.2, 0.1]]), "------");
});

Deno.test("SpareCore finds none where other programs keep all cores busy", () => {
  assertEquals(verdicts([[3, 1.8, 0.5]]), "------");
});

Deno.test("SpareCore finds none while the network is slower than the process", () => {
  assertEquals(verdicts([[3, 0.3, 3.7]]), "------");
});

Deno.test("SpareCore ignores what lasts less than half a second", () => {
  assertEquals(
    verdicts([[0.5, 0.1, 1.9], [0.25, 1.8, 2], [1, 0.5, 2]]),
    "---",
  );
});

Deno.test("SpareCore keeps a core while the process is busy with it, idle cores or not", () => {
  assertEquals(verdicts([[1, 1.8, 0.9, 2.7], [3, 2.7, 0.02]]), "++++++++");
});

Deno.test("SpareCore gives a core up once the network is slow, and waits before the next", () => {
  const phases = [[1, 1.8, 2, 2.7], [0.5, 0.4, 3], [6, 1.8, 2, 2.7]] as const;
  assertEquals(verdicts(phases), "++-----------++");
});

Deno.test("SpareCore finds none where the times are unknown", () => {
  const core = new SpareCore(() => undefined);
  for (let nowMs = 0; nowMs < 5_000; nowMs += 100) {
    assertEquals(core.isFound(nowMs), false);
  }
});

Deno.test({
  name: "SpareCore measures nothing without the permission",
  permissions: "none",
  fn: () => {
    const core = new SpareCore();
    const verdicts = [0, 1_000, 2_000].map((nowMs) => core.isFound(nowMs));
    assertEquals(verdicts, [false, false, false]);
  },
});
