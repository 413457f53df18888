/**
 * Bounded fuzzing: bytes grown from good examples are thrown at a decoder for a
 * fixed time. Each is accepted or ends in the one error that the decoder
 * documents, and some of each come, as a decoder that refuses everything would
 * never fail. A failure shows the seed and the bytes that did it.
 *
 * @module
 */
import {
  type Random,
  randomBelow,
  seededRandom,
} from "../../lib/base/random.ts";

/** How long one fuzz test runs, in milliseconds. */
const FUZZ_TIME_MS = 500;

/** A seed for this run. Every test that fuzzes has it in its name. */
export const FUZZ_SEED = Date.now() % 2 ** 32;

/** An error that a decoder may throw. */
type ErrorClass = abstract new (...args: never[]) => Error;

/** Options of {@linkcode fuzz}. */
export interface FuzzOptions {
  /** Good inputs to start from. */
  readonly examples: readonly Uint8Array[];
  /**
   * Takes one input and tells what it made of it. A promise is waited for;
   * undefined is input that the decoder neither takes nor refuses, as it waits
   * for more. Other errors than `refusal` fail the test.
   */
  readonly decode: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  /** The error of a refusal. Without it nothing may be refused. */
  readonly refusal?: ErrorClass;
  /** @default {FUZZ_SEED} */
  readonly seed?: number;
}

/**
 * Feeds mutated examples to `decode` until the time is over.
 * @throws {Error} If it fails on one, or accepts none, or refuses none though it may.
 */
export async function fuzz(options: FuzzOptions): Promise<void> {
  const { examples, decode, refusal, seed = FUZZ_SEED } = options;
  const random = seededRandom(seed);
  let acceptedCount = 0;
  let refusedCount = 0;
  const end = performance.now() + FUZZ_TIME_MS;
  for (let round = 0; performance.now() < end; round++) {
    const bytes = mutate(examples, random);
    try {
      if (await decode(bytes) !== undefined) acceptedCount++;
    } catch (cause) {
      if (refusal !== undefined && cause instanceof refusal) {
        refusedCount++;
        continue;
      }
      throw new Error(
        `Cannot decode in round ${round} of seed ${seed}: ${
          JSON.stringify(String.fromCharCode(...bytes.subarray(0, 4096)))
        }`,
        { cause },
      );
    }
  }
  if (acceptedCount === 0 || (refusal !== undefined && refusedCount === 0)) {
    throw new Error(
      `Cannot tell of seed ${seed}: ${acceptedCount} inputs were accepted and ` +
        `${refusedCount} refused`,
    );
  }
}

/** What bencode, paths, queries and frames are made of. */
const MEANINGFUL = "ilde:-0129/.%&=\0\x01";

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
        bytes[at] = MEANINGFUL.charCodeAt(
          randomBelow(MEANINGFUL.length, random),
        );
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
