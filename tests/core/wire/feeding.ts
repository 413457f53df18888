/**
 * Ways to hand bytes to a reader of a {@linkcode ByteQueue}: whole, byte by byte
 * as the slowest network would, and one after another until it asks for more.
 *
 * @module
 */
import { ByteQueue } from "../../../lib/base/byte_queue.ts";

/** Takes one value off the queue; `undefined` while it is not complete. */
export type Reader<T> = (queue: ByteQueue) => T | undefined;

/** A queue that holds `bytes`. */
export function queueOf(bytes: Uint8Array): ByteQueue {
  const queue = new ByteQueue(16);
  queue.push(bytes);
  return queue;
}

/**
 * Every value the bytes hold, and how many bytes are left over.
 * @throws {Error} If a value takes no bytes, or waiting for one takes some.
 */
export function readAll<T>(
  bytes: Uint8Array,
  read: Reader<T>,
): { values: T[]; left: number } {
  const queue = queueOf(bytes);
  const values: T[] = [];
  for (;;) {
    const before = queue.length;
    const value = read(queue);
    const isWaiting = value === undefined;
    if (isWaiting !== (queue.length === before)) {
      throw new Error(`${before - queue.length} bytes gave ${value}`);
    }
    if (isWaiting) return { values, left: queue.length };
    values.push(value);
  }
}

/**
 * The value that comes of the bytes when they arrive one at a time.
 * @throws {Error} If it comes before the last byte or not with it.
 */
export function readByteByByte<T>(bytes: Uint8Array, read: Reader<T>): T {
  const queue = new ByteQueue(1);
  for (const [offset, byte] of bytes.entries()) {
    queue.push(Uint8Array.of(byte));
    const value = read(queue);
    const isLast = offset === bytes.length - 1;
    if (isLast !== (value !== undefined)) {
      throw new Error(`byte ${offset} of ${bytes.length} gave ${value}`);
    }
    if (value !== undefined) return value;
  }
  throw new Error("there were no bytes");
}

/** One run of bytes out of several. */
export function joined(...parts: Iterable<number>[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
