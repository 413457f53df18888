/**
 * A test that feeds a million mutated inputs to a decoder of foreign bytes: each is
 * accepted or ends in the documented error, and none takes long.
 *
 * @module
 */
import { fuzz, type NamedFuzzTarget } from "../core/fuzz.ts";
import { report } from "../report.ts";
import { SEED } from "./seed.ts";

const INPUT_COUNT = 1_000_000;
/** The longest that one input may take, in milliseconds. */
const LONGEST_MS = 10;

/** Registers the tests of these decoders. */
export function decoderTests(decoders: readonly NamedFuzzTarget[]): void {
  for (const decoder of decoders) {
    Deno.test(`${decoder.name}, a million times (seed ${SEED})`, async () => {
      const { acceptedCount, refusedCount, longestMs } = await fuzz({
        ...decoder,
        seed: SEED,
        inputCount: INPUT_COUNT,
        longestMs: LONGEST_MS,
      });
      report(
        `${decoder.name}: ${acceptedCount} accepted, ${refusedCount} refused, ` +
          `${longestMs.toFixed(2)} ms at most`,
      );
    });
  }
}
