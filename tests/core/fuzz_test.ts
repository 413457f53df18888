import { assertRejects } from "@std/assert";
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
