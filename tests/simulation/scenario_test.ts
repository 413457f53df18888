import { assert, assertEquals, assertLess } from "@std/assert";
import { figuresOf } from "../../scripts/simulate/figures.ts";
import { runScenario, type Scenario } from "../../scripts/simulate/scenario.ts";

/** A tenth of the swarm that the benchmark simulates, with as many pieces for each peer. */
const SCENARIO: Scenario = {
  seed: 1,
  leecherCount: 100,
  pieceCount: 2000,
  pieceLength: 256 * 1024,
  upBytesPerSecond: 125_000_000,
  downBytesPerSecond: 125_000_000,
};

// As many pieces as it takes to come near the bound.
for (
  const [megabits, pieceCount] of [
    [10, 200],
    [1_000, 400],
    [10_000, 1000],
  ] as const
) {
  Deno.test(`a hundred equal peers come near the bound at ${megabits} Mbit/s (seed 1)`, async (t) => {
    const bytesPerSecond = megabits * 1e6 / 8;
    const { fast, connections } = figuresOf(
      runScenario({
        ...SCENARIO,
        pieceCount,
        upBytesPerSecond: bytesPerSecond,
        downBytesPerSecond: bytesPerSecond,
      }),
    );
    const ratio = fast!.completionsMs.at(-1)! / fast!.boundMs;
    await t.step(`the last after ${ratio.toFixed(2)} of the bound`, () => {
      assertEquals(fast!.completionsMs.length, 100);
      assertLess(ratio, 1.3);
      assert(connections.most <= 50, `${connections.most} connections`);
    });
  });
}

Deno.test("the leechers that stay complete where many are slow and many leave (seed 1)", async (t) => {
  const { fast, slow } = figuresOf(
    runScenario({
      ...SCENARIO,
      pieceCount: 1000,
      slowCount: 20,
      leavingCount: 10,
      doesSeederLeave: true,
    }),
  );
  const ratio = fast!.completionsMs.at(-1)! / fast!.boundMs;
  await t.step(`the last fast one after ${ratio.toFixed(2)}`, () => {
    assertEquals(fast!.incompleteCount + slow!.incompleteCount, 0);
    assertLess(ratio, 1.5);
  });
});
