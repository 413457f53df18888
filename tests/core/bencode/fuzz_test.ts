import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { BENCODE_DECODER } from "./decoder.ts";

Deno.test(`${BENCODE_DECODER.name} (seed ${FUZZ_SEED})`, async () => {
  await fuzz(BENCODE_DECODER);
});
