import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fuzz, seedsFrom } from "./fuzz.ts";

const EXAMPLES = [Uint8Array.of(1, 2, 3)];

function refuse(): never {
  throw new RangeError("Cannot take this");
}

Deno.test("fuzz() fails a decoder that refuses everything", async () => {
  await assertRejects(
    () => fuzz({ examples: EXAMPLES, decode: refuse, refusal: RangeError }),
    Error,
    "0 inputs were accepted",
  );
});

Deno.test("fuzz() fails a decoder that accepts everything though it may refuse", async () => {
  await assertRejects(
    () => fuzz({ examples: EXAMPLES, decode: () => 1, refusal: RangeError }),
    Error,
    "0 refused",
  );
});

Deno.test("fuzz() fails a decoder that throws another error, and names the seed", async () => {
  await assertRejects(
    () =>
      fuzz({
        examples: EXAMPLES,
        decode: refuse,
        refusal: SyntaxError,
        seed: 7,
      }),
    Error,
    "input 0, replayed by FUZZ_SEED=7",
  );
});

Deno.test("fuzz() counts the outcomes and reports the slowest input", async () => {
  let count = 0;
  const outcome = await fuzz({
    examples: EXAMPLES,
    decode: (bytes) => {
      count++;
      if (bytes.length > 3) refuse();
      return bytes.length === 0 ? undefined : 1;
    },
    refusal: RangeError,
    inputCount: 1_000,
    longestMs: 1_000,
  });
  const { acceptedCount, refusedCount, longestMs } = outcome;
  assert(acceptedCount > 0 && refusedCount > 0);
  assert(acceptedCount + refusedCount <= 1_000 && count >= 1_000);
  assert(longestMs > 0);
});

Deno.test("fuzz() fails a decoder that takes too long each time", async () => {
  const error = await assertRejects(
    () =>
      fuzz({
        examples: EXAMPLES,
        decode: () => {
          for (const end = performance.now() + 3; performance.now() < end;);
          return 1;
        },
        inputCount: 10,
        longestMs: 2,
      }),
    Error,
    "input 0",
  );
  assertMatch(String(error.cause), /it took \d/);
});

Deno.test("fuzz() replays an input by the seed in its failure", async () => {
  const inputs: string[] = [];
  const failOn = (input: string | undefined) => (bytes: Uint8Array): number => {
    inputs.push(String(bytes));
    if (String(bytes) === input) throw new Error("Cannot take this");
    return 1;
  };
  await fuzz({ examples: EXAMPLES, decode: failOn(undefined), inputCount: 50 });
  const chosen = inputs.findLast((input, index) =>
    inputs.indexOf(input) === index
  );
  const failure = await assertRejects(
    () => fuzz({ examples: EXAMPLES, decode: failOn(chosen), inputCount: 50 }),
    Error,
    "replayed by FUZZ_SEED=",
  );
  const seed = Number(/FUZZ_SEED=(\d+)/.exec(failure.message)![1]);
  await assertRejects(
    () => fuzz({ examples: EXAMPLES, decode: failOn(chosen), seed }),
    Error,
    `input 0, replayed by FUZZ_SEED=${seed}`,
  );
});

Deno.test("seedsFrom() begins with the seed and repeats", () => {
  const take = (seed: number): number[] => [...seedsFrom(seed).take(3)];
  assertEquals(take(7)[0], 7);
  assertEquals(take(7), take(7));
});
