import { assert, assertMatch, assertRejects } from "@std/assert";
import { fuzz } from "./fuzz.ts";

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

Deno.test("fuzz() fails a decoder that throws another error, with the seed", async () => {
  await assertRejects(
    () =>
      fuzz({
        examples: EXAMPLES,
        decode: refuse,
        refusal: SyntaxError,
        seed: 7,
      }),
    Error,
    "round 0 of seed 7",
  );
});

Deno.test("fuzz() counts what it fed, and tells how long one took at most", async () => {
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
    "round 0",
  );
  assertMatch(String(error.cause), /it took \d/);
});
