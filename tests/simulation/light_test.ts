import { assertEquals } from "@std/assert";
import { runUnplug } from "../../scripts/simulate/rollout_runs.ts";

// `deno task simulate:rollouts` runs fifty.
for (const seed of [1, 2, 3, 4, 5, 6]) {
  Deno.test(`all complete when the source is killed at its first green light (seed ${seed})`, async (t) => {
    const { incompleteCount, fetchingCount, hostCount } = runUnplug(seed);
    await t.step(`${fetchingCount} of ${hostCount} were fetching`, () => {
      assertEquals(incompleteCount, 0);
    });
  });
}
