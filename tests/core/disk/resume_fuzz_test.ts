import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { RESUME_DECODER } from "./resume_decoder.ts";

Deno.test(`${RESUME_DECODER.name} (seed ${FUZZ_SEED})`, async () => {
  await fuzz(RESUME_DECODER);
});
