import { assertEquals, assertRejects } from "@std/assert";
import type { Participant } from "../../scripts/bench/row.ts";
import { takeTurns } from "../../scripts/bench/take_turns.ts";

/** One who notes its turns, and fails at those it is told to. */
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

Deno.test("takeTurns() alternates, and one that fails has no turn again", async () => {
  const turns: string[] = [];
  const results = await takeTurns([
    participant("a", { turns }),
    participant("b", { turns, failing: [2] }),
    { ...participant("c", { turns }), missing: "not installed" },
  ], OPTIONS);
  assertEquals(turns, ["a", "b", "a", "b", "a"]);
  assertEquals(results, [
    {
      name: "a",
      runs: [{ count: 1 }, { count: 2 }, { count: 3 }],
      remark: undefined,
    },
    { name: "b", runs: [{ count: 1 }], remark: "failed: no 2" },
    { name: "c", runs: [], remark: "not installed" },
  ]);
});

Deno.test("takeTurns() ends once it is aborted, and blames nobody for it", async () => {
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
