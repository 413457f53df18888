import { assertEquals, assertRejects } from "@std/assert";
import type { Participant } from "../../scripts/bench/row.ts";
import { takeTurns } from "../../scripts/bench/run_benchmark.ts";

/** A participant that records its turns and fails at some. */
function participant(
  name: string,
  { turns, failing = [] }: { turns: string[]; failing?: readonly number[] },
): Participant {
  let count = 0;
  return {
    name,
    missing: undefined,
    measure: () => {
      turns.push(name);
      count++;
      return failing.includes(count)
        ? Promise.reject(new Error(`no ${count}`))
        : Promise.resolve({ count });
    },
  };
}

const OPTIONS = {
  runCount: 3,
  onRun: () => {},
  signal: new AbortController().signal,
};

Deno.test("takeTurns() alternates; others may fail once, ours may not", async () => {
  const turns: string[] = [];
  const results = await takeTurns([
    participant("ours", { turns, failing: [2] }),
    participant("b", { turns, failing: [1, 3] }),
    participant("c", { turns, failing: [2] }),
    { ...participant("d", { turns }), missing: "not installed" },
  ], { ...OPTIONS, runCount: 4 });
  assertEquals(turns.join(""), ["oursbc", "oursbc", "bc", "c"].join(""));
  assertEquals(results, [
    { name: "ours", runs: [{ count: 1 }], remark: "failed: no 2" },
    { name: "b", runs: [{ count: 2 }], remark: "failed: no 3" },
    {
      name: "c",
      runs: [{ count: 1 }, { count: 3 }, { count: 4 }],
      remark: "one run failed: no 2",
    },
    { name: "d", runs: [], remark: "not installed" },
  ]);
});

Deno.test("takeTurns() ends when it is aborted, without a failure", async () => {
  const turns: string[] = [];
  const controller = new AbortController();
  const reason = new Error("enough");
  const aborting: Participant = {
    name: "b",
    missing: undefined,
    measure: () => {
      turns.push("b");
      controller.abort(reason);
      return Promise.reject(new Error("was killed"));
    },
  };
  await assertRejects(
    () =>
      takeTurns([participant("a", { turns }), aborting], {
        ...OPTIONS,
        signal: controller.signal,
      }),
    Error,
    "enough",
  );
  assertEquals(turns, ["a", "b"]);
});
