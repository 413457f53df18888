import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { WIRE_DECODERS } from "./decoders.ts";

for (const decoder of WIRE_DECODERS) {
  Deno.test(`${decoder.name} (seed ${FUZZ_SEED})`, async () => {
    await fuzz(decoder);
  });
}
