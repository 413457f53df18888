/**
 * Mutated bytes for each decoder of foreign bytes: each input is accepted or ends in
 * the error that the decoder documents.
 */
import { fuzz, FUZZ_SEED } from "../fuzz.ts";
import { PEER_DECODERS } from "./peer_decoders.ts";
import { TRACKER_DECODERS } from "./tracker_decoders.ts";

for (const decoder of [...PEER_DECODERS, ...TRACKER_DECODERS]) {
  Deno.test(`${decoder.name} (seed ${FUZZ_SEED})`, async () => {
    await fuzz(decoder);
  });
}
