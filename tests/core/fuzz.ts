/**
 * Bounded fuzzing: bytes grown from good examples are thrown at a decoder for a
 * fixed time, or so many of them. Each is accepted or ends in the one error that
 * the decoder documents, and some of each come, as a decoder that refuses
 * everything would never fail. A failure shows the seed and the bytes that did it.
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

/** Inputs that it takes however busy the machine is. */
const LEAST_COUNT = 1_000;

/** A seed for this run. Every test that fuzzes has it in its name. */
export const FUZZ_SEED = Date.now() % 2 ** 32;

/** An error that a decoder may throw. */
type ErrorClass = abstract new (...args: never[]) => Error;

/** A decoder to be fuzzed. */
export interface FuzzTarget {
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
}

/** A decoder with a sentence about it, which is the name of its tests. */
export interface NamedFuzzTarget extends FuzzTarget {
  readonly name: string;
}

/** Options of {@linkcode fuzz}. */
export interface FuzzOptions extends FuzzTarget {
  /** @default {FUZZ_SEED} */
  readonly seed?: number;
  /** How many inputs. @default {as many as half a second allows} */
  readonly inputCount?: number;
  /** What one input may take, in milliseconds. @default {any time} */
  readonly longestMs?: number;
}

/** What came of a run. */
export interface FuzzOutcome {
  readonly acceptedCount: number;
  readonly refusedCount: number;
  /** The longest that one input took, in milliseconds: the least of some tries. */
  readonly longestMs: number;
}

/**
 * The slowest input so far is tried so often, a moment apart: the machine may have
 * been busy, or memory tidied.
 */
const TRIES = 20;
/** And one that seems too slow so often. */
const TRIES_OF_TOO_SLOW = 100;

/**
 * Feeds mutated examples to `decode`.
 * @throws {Error} If it fails on one, takes too long, accepts none, or refuses none though it may.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzOutcome> {
  const { examples, refusal, seed = FUZZ_SEED } = options;
  const { inputCount = Infinity, longestMs = Infinity } = options;
  const random = seededRandom(seed);
  const counts = { accepted: 0, refused: 0, waiting: 0 };
  let slowestMs = 0;
  const end = inputCount < Infinity
    ? Infinity
    : performance.now() + FUZZ_TIME_MS;
  for (let round = 0; round < inputCount; round++) {
    const isEnough = round >= LEAST_COUNT && round % 16 === 0;
    if (isEnough && performance.now() >= end) break;
    const bytes = mutate(examples, random);
    try {
      const startedAt = performance.now();
      counts[await verdict(options, bytes)]++;
      let tookMs = performance.now() - startedAt;
      for (let tried = 1; tookMs > slowestMs; tried++) {
        const isTooSlow = tookMs > longestMs;
        if (tried >= (isTooSlow ? TRIES_OF_TOO_SLOW : TRIES)) break;
        if (tookMs > 1) await new Promise((resolve) => setTimeout(resolve, 1));
        const againAt = performance.now();
        await verdict(options, bytes);
        tookMs = Math.min(tookMs, performance.now() - againAt);
      }
      slowestMs = Math.max(slowestMs, tookMs);
      if (tookMs > longestMs) throw new Error(`it took ${tookMs} ms`);
    } catch (cause) {
      throw new Error(
        `Cannot decode in round ${round} of seed ${seed}: ${
          JSON.stringify(String.fromCharCode(...bytes.subarray(0, 16_384)))
        }`,
        { cause },
      );
    }
  }
  const { accepted, refused } = counts;
  if (accepted === 0 || (refusal !== undefined && refused === 0)) {
    throw new Error(
      `Cannot tell of seed ${seed}: ${accepted} inputs were accepted and ` +
        `${refused} refused`,
    );
  }
  return {
    acceptedCount: accepted,
    refusedCount: refused,
    longestMs: slowestMs,
  };
}

async function verdict(
  { decode, refusal }: FuzzTarget,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<"accepted" | "refused" | "waiting"> {
  try {
    return await decode(bytes) === undefined ? "waiting" : "accepted";
  } catch (cause) {
    if (refusal !== undefined && cause instanceof refusal) return "refused";
    throw cause;
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
  let bytes: Uint8Array<ArrayBuffer> = Uint8Array.from(example);
  for (let count = randomBelow(6, random); count >= 0; count--) {
    const at = randomBelow(bytes.length + 1, random);
    const length = randomBelow(8, random);
    switch (randomBelow(6, random)) {
      case 0: // Any byte.
        bytes = spliced(bytes, {
          at,
          count: 1,
          part: [randomBelow(256, random)],
        });
        break;
      case 1: { // A byte that means something.
        const meaning = randomBelow(MEANINGFUL.length, random);
        bytes = spliced(bytes, {
          at,
          count: 1,
          part: [MEANINGFUL.charCodeAt(meaning)],
        });
        break;
      }
      case 2: // A piece less.
        bytes = spliced(bytes, { at, count: length, part: [] });
        break;
      case 3: // A piece twice.
        bytes = spliced(bytes, {
          at,
          count: 0,
          part: bytes.subarray(at, at + length),
        });
        break;
      case 4: { // A piece of another example.
        const from = randomBelow(other.length + 1, random);
        const part = other.subarray(from, from + length * 4);
        bytes = spliced(bytes, { at, count: length, part });
        break;
      }
      case 5: // The end missing.
        if (randomBelow(4, random) === 0) bytes = bytes.slice(0, at);
        break;
    }
  }
  return bytes;
}

/** `bytes` with `count` of them from `at` on replaced. */
function spliced(
  bytes: Uint8Array,
  { at, count, part }: { at: number; count: number; part: ArrayLike<number> },
): Uint8Array<ArrayBuffer> {
  const tail = bytes.subarray(at + count);
  const result = new Uint8Array(at + part.length + tail.length);
  result.set(bytes.subarray(0, at));
  result.set(part, at);
  result.set(tail, at + part.length);
  return result;
}
