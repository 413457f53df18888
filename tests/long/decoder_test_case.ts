/**
 * A test that feeds mutated inputs to a decoder of foreign bytes for 5 seconds:
 * each is accepted or ends in the documented error, and none takes long.
 */
import { fuzz, type NamedFuzzTarget } from "../core/fuzz.ts";
import { report } from "../report.ts";
import { SEED } from "./seed.ts";

/** Duration of one test, in milliseconds. */
const DURATION_MS = 5_000;
/** The longest that one input may take, in milliseconds. */
const LONGEST_MS = 10;

export function decoderTests(decoders: readonly NamedFuzzTarget[]): void {
  for (const decoder of decoders) {
    Deno.test(`${decoder.name}, for 5 s (seed ${SEED})`, async () => {
      const { acceptedCount, refusedCount, longestMs } = await fuzz({
        ...decoder,
        seed: SEED,
        durationMs: DURATION_MS,
        longestMs: LONGEST_MS,
      });
      report(
        `${decoder.name}: ${acceptedCount} accepted, ${refusedCount} refused, ` +
          `${longestMs.toFixed(2)} ms at most`,
      );
    });
  }
}
