import { assert, assertEquals } from "@std/assert";
import { ProtocolError } from "../../../lib/base/errors.ts";
import {
  type Random,
  randomBelow,
  seededRandom,
} from "../../../lib/base/random.ts";
import { readHandshake } from "../../../lib/wire/handshake.ts";
import { readMessage } from "../../../lib/wire/read_message.ts";
import { queueOf, type Reader } from "./feeding.ts";
import { FRAMES } from "./frames.ts";

const SEED = Date.now() % 2 ** 32;
const DURATION_MS = 500;

function randomBytes(length: number, random: Random): Uint8Array {
  return Uint8Array.from({ length }, () => randomBelow(256, random));
}

/** Real frames with a few bytes changed, cut or put in. */
function damagedFrames(random: Random): Uint8Array {
  const bytes: number[] = [];
  for (let count = randomBelow(4, random); count >= 0; count--) {
    bytes.push(...FRAMES[randomBelow(FRAMES.length, random)]![1]);
  }
  for (let count = randomBelow(4, random); count > 0; count--) {
    const at = randomBelow(bytes.length + 1, random);
    const isCut = random() < 0.3;
    const replacement = isCut ? [] : [...randomBytes(1, random)];
    bytes.splice(at, randomBelow(2, random), ...replacement);
  }
  return Uint8Array.from(bytes);
}

/**
 * Reads until more is asked for or the protocol is broken; any other error
 * escapes. What is read must have used up bytes.
 */
function readUntilDone<T>(bytes: Uint8Array, read: Reader<T>): T[] {
  const queue = queueOf(bytes);
  const values: T[] = [];
  try {
    for (;;) {
      const before = queue.length;
      const value = read(queue);
      if (value === undefined) {
        assertEquals(queue.length, before, "waiting takes nothing");
        return values;
      }
      assert(queue.length < before, "a value takes bytes");
      values.push(value);
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return values;
  }
}

Deno.test(`readMessage() accepts any bytes, waits or throws ProtocolError (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const deadline = performance.now() + DURATION_MS;
  let accepted = 0;
  while (performance.now() < deadline) {
    const bytes = random() < 0.2
      ? randomBytes(randomBelow(64, random), random)
      : damagedFrames(random);
    const limits = { maxLength: randomBelow(100, random) };
    const messages = readUntilDone(
      bytes,
      (queue) => readMessage(queue, limits),
    );
    for (const message of messages) {
      assert(typeof message.type === "string");
      if (message.type === "piece") assert(message.block.length <= 91);
    }
    accepted += messages.length;
  }
  assert(accepted > 0, "some of the bytes are messages");
});

Deno.test(`readHandshake() accepts any bytes, waits or throws ProtocolError (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const deadline = performance.now() + DURATION_MS;
  const name = new TextEncoder().encode("\x13BitTorrent protocol");
  let accepted = 0;
  while (performance.now() < deadline) {
    const bytes = randomBytes(randomBelow(150, random), random);
    if (random() < 0.8) bytes.set(name.subarray(0, bytes.length));
    if (random() < 0.3) bytes[randomBelow(20, random)] = 0x42;
    for (const value of readUntilDone(bytes, readHandshake)) {
      assertEquals(value.infoHash.length, 40);
      assertEquals(value.peerId.length, 40);
      accepted++;
    }
  }
  assert(accepted > 0, "some of the bytes are handshakes");
});
