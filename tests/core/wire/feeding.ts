/**
 * Feeds bytes to a reader of a {@linkcode ByteQueue}: whole, byte by byte, and value
 * after value until it waits for more.
 */
import { concat } from "@std/bytes/concat";
import { ByteQueue } from "../../../lib/base/byte_queue.ts";

/** Takes one value off the queue; `undefined` while it is incomplete. */
export type Reader<T> = (queue: ByteQueue) => T | undefined;

export function queueOf(bytes: Uint8Array): ByteQueue {
  const queue = new ByteQueue(16);
  queue.push(bytes);
  return queue;
}

/**
 * Returns every value in the bytes, and the number of bytes left.
 * @throws {Error} If a value consumes no bytes, or waiting for one consumes some.
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
 * Returns the value of bytes that arrive one at a time.
 * @throws {Error} If it comes before the last byte, or does not come.
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

export function joined(
  ...parts: (Uint8Array | readonly number[])[]
): Uint8Array<ArrayBuffer> {
  return concat(parts.map((part) => new Uint8Array(part)));
}
