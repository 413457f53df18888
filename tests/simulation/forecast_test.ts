import { assertEquals, assertLess } from "@std/assert";
import { runForecast } from "../../scripts/simulate/rollout_runs.ts";

// `deno task simulate:rollouts` runs twenty; these have few hosts.
for (const seed of [4, 13, 17, 20]) {
  Deno.test(`the end is forecast at 20 % and at 50 % of the content (seed ${seed})`, async (t) => {
    const { errors, ofBound, hostCount } = runForecast(seed, [0.2, 0.5]);
    const figures = errors.map(({ error }) => `${(100 * error).toFixed(1)} %`);
    await t.step(`${hostCount} hosts, errors ${figures.join(", ")}`, () => {
      assertEquals(errors.length, 2);
      assertLess(Math.abs(errors[0]!.error), 0.15);
      assertLess(Math.abs(errors[1]!.error), 0.07);
      assertLess(0.8, ofBound);
    });
  });
}
