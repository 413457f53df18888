/**
 * Bounded fuzzing of decoders. Mutates valid examples and feeds each to a decoder,
 * which must accept it or throw its documented error. Both outcomes must occur,
 * because a decoder that refuses everything would never fail. A failure shows the
 * input and the seed that makes it.
 *
 * The seed is fixed, so that a run repeats. `tests/long/fuzz_test.ts` runs the same
 * tests with random seeds. To replay a seed:
 *
 *     FUZZ_SEED=7 deno test --allow-env=FUZZ_SEED,FUZZ_MS tests/core/decoders
 */
import {
  type Random,
  randomBelow,
  seededRandom,
} from "../../lib/base/random.ts";

/** Inputs of one fuzz test; the least number where it runs for {@linkcode FUZZ_MS}. */
const INPUT_COUNT = 1_000;

/** The seed of this run. The name of every test that fuzzes ends in `(seed …)`. */
export const FUZZ_SEED = numberFromEnvironment("FUZZ_SEED") ?? 1;

/** Duration of one fuzz test, in milliseconds; `undefined` for a fixed number of inputs. */
export const FUZZ_MS = numberFromEnvironment("FUZZ_MS");

/** The number in an environment variable; `undefined` if it is unset or may not be read. */
function numberFromEnvironment(variable: string): number | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  const text = state === "granted" ? Deno.env.get(variable) : undefined;
  return text === undefined ? undefined : Number(text);
}

/** The seeds that follow from a seed, itself first: any of them replays alone. */
export function* seedsFrom(seed: number): Generator<number, never> {
  yield seed;
  const random = seededRandom(seed);
  for (;;) yield randomBelow(2 ** 32, random);
}

type ErrorClass = abstract new (...args: never[]) => Error;

export interface FuzzTarget {
  /** Valid inputs to mutate. */
  readonly examples: readonly Uint8Array[];
  /**
   * Decodes one input and returns the result, or a promise of it: `undefined` if
   * the decoder waits for more bytes. Any error but `refusal` fails the test.
   */
  readonly decode: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  /** The error that refuses an input. @default {the decoder must accept everything} */
  readonly refusal?: ErrorClass;
}

/** A decoder with the name of its tests, a sentence. */
export interface NamedFuzzTarget extends FuzzTarget {
  readonly name: string;
}

export interface FuzzOptions extends FuzzTarget {
  /** @default {FUZZ_SEED} */
  readonly seed?: number;
  /** Number of inputs, or the least number with a duration. @default {1000} */
  readonly inputCount?: number;
  /** In milliseconds. @default {FUZZ_MS, unless there is a number of inputs} */
  readonly durationMs?: number | undefined;
  /** The longest that one input may take, in milliseconds. @default {unlimited} */
  readonly longestMs?: number;
}

export interface FuzzOutcome {
  readonly acceptedCount: number;
  readonly refusedCount: number;
  /** The slowest input, in milliseconds: the least of several tries. */
  readonly longestMs: number;
}

/**
 * Tries of the slowest input so far, a moment apart: the machine may have been busy,
 * or the garbage collector at work.
 */
const TRIES = 20;
/** Tries of an input that seems too slow. */
const TRIES_OF_TOO_SLOW = 100;

/**
 * Feeds mutated examples to `decode`.
 * @throws {Error} If it fails on an input, takes too long, accepts none, or refuses none though it may.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzOutcome> {
  const { examples, refusal, seed = FUZZ_SEED } = options;
  const { inputCount, longestMs = Infinity } = options;
  const { durationMs = inputCount === undefined ? FUZZ_MS : undefined } =
    options;
  const isTimed = longestMs < Infinity;
  const counts = { accepted: 0, refused: 0, waiting: 0 };
  let slowestMs = 0;
  const leastCount = inputCount ?? INPUT_COUNT;
  const end = performance.now() + (durationMs ?? -Infinity);
  let round = 0;
  for (const roundSeed of seedsFrom(seed)) {
    if (round >= leastCount && performance.now() >= end) break;
    const bytes = mutate(examples, seededRandom(roundSeed));
    try {
      const startedAt = performance.now();
      counts[await verdict(options, bytes)]++;
      let tookMs = performance.now() - startedAt;
      for (let tried = 1; isTimed && tookMs > slowestMs; tried++) {
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
        `Cannot decode input ${round}, replayed by FUZZ_SEED=${roundSeed}: ${
          JSON.stringify(String.fromCharCode(...bytes.subarray(0, 16_384)))
        }`,
        { cause },
      );
    }
    round++;
  }
  const { accepted, refused } = counts;
  if (accepted === 0 || (refusal !== undefined && refused === 0)) {
    throw new Error(
      `Cannot judge the decoder by seed ${seed}: ${accepted} inputs were ` +
        `accepted and ${refused} refused`,
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

/** Bytes with a meaning in bencode, paths, queries and frames. */
const MEANINGFUL = "ilde:-0129/.%&=\0\x01";

function mutate(
  examples: readonly Uint8Array[],
  random: Random,
): Uint8Array<ArrayBuffer> {
  const example = examples[randomBelow(examples.length, random)]!;
  const other = examples[randomBelow(examples.length, random)]!;
  let bytes = new Uint8Array(example);
  for (let changes = randomBelow(6, random); changes >= 0; changes--) {
    const at = randomBelow(bytes.length + 1, random);
    const length = randomBelow(8, random);
    const splice = (count: number, part: ArrayLike<number>): void => {
      bytes = spliced(bytes, { at, count, part });
    };
    switch (randomBelow(6, random)) {
      case 0: // Any byte.
        splice(1, [randomBelow(256, random)]);
        break;
      case 1: { // A byte with a meaning.
        const meaning = randomBelow(MEANINGFUL.length, random);
        splice(1, [MEANINGFUL.charCodeAt(meaning)]);
        break;
      }
      case 2: // A part less.
        splice(length, []);
        break;
      case 3: // A part twice.
        splice(0, bytes.subarray(at, at + length));
        break;
      case 4: { // A part of another example.
        const from = randomBelow(other.length + 1, random);
        splice(length, other.subarray(from, from + length * 4));
        break;
      }
      case 5: // Truncated.
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
  for (let index = 0; index < part.length; index++) {
    result[at + index] = part[index]!;
  }
  result.set(tail, at + part.length);
  return result;
}
