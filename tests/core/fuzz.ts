/**
 * Bounded fuzzing: bytes grown from good examples are thrown at a decoder for a
 * fixed time. A failure shows the seed and the bytes that did it.
 *
 * @module
 */
import {
  type Random,
  randomBelow,
  seededRandom,
} from "../../lib/base/random.ts";

/** How long one fuzz test runs, in milliseconds. */
const FUZZ_TIME_MS = 1000;

/** A seed for this run. Every test that fuzzes has it in its name. */
export const FUZZ_SEED = Date.now() % 2 ** 32;

/** Options of {@linkcode fuzz}. */
export interface FuzzOptions {
  /** Good inputs to start from. */
  readonly examples: readonly Uint8Array[];
  /** Takes one input; whatever it throws fails the test. */
  readonly decode: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  /** @default {FUZZ_SEED} */
  readonly seed?: number;
}

/** Feeds mutated examples to `decode` until the time is over. */
export async function fuzz(options: FuzzOptions): Promise<void> {
  const seed = options.seed ?? FUZZ_SEED;
  const random = seededRandom(seed);
  const end = performance.now() + FUZZ_TIME_MS;
  for (let round = 0; performance.now() < end; round++) {
    const bytes = mutate(options.examples, random);
    try {
      await options.decode(bytes);
    } catch (cause) {
      throw new Error(
        `Cannot decode in round ${round} of seed ${seed}: ${
          JSON.stringify(String.fromCharCode(...bytes.subarray(0, 4096)))
        }`,
        { cause },
      );
    }
  }
}

function mutate(
  examples: readonly Uint8Array[],
  random: Random,
): Uint8Array<ArrayBuffer> {
  const example = examples[randomBelow(examples.length, random)]!;
  const other = examples[randomBelow(examples.length, random)]!;
  let bytes = [...example];
  for (let count = randomBelow(6, random); count >= 0; count--) {
    const at = randomBelow(bytes.length + 1, random);
    const length = randomBelow(8, random);
    switch (randomBelow(6, random)) {
      case 0: // Any byte.
        bytes[at] = randomBelow(256, random);
        break;
      case 1: // A byte that means something.
        bytes[at] = "ilde:-0129/.".charCodeAt(randomBelow(12, random));
        break;
      case 2: // A piece less.
        bytes.splice(at, length);
        break;
      case 3: // A piece twice.
        bytes.splice(at, 0, ...bytes.slice(at, at + length));
        break;
      case 4: { // A piece of another example.
        const from = randomBelow(other.length + 1, random);
        bytes.splice(at, length, ...other.subarray(from, from + length * 4));
        break;
      }
      case 5: // The end missing.
        if (randomBelow(4, random) === 0) bytes = bytes.slice(0, at);
        break;
    }
  }
  return Uint8Array.from(bytes);
}
