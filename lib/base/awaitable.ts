/**
 * An answer that may be there already. What is at hand is used at once: a
 * promise for it would cost each announce a turn of the event loop's queue.
 *
 * @module
 */

/** A value, or the promise of one. */
export type Awaitable<T> = T | Promise<T>;

/** Uses a value as soon as it is there, which may be now. */
export function whenThere<T, Result>(
  value: Awaitable<T>,
  use: (value: T) => Awaitable<Result>,
): Awaitable<Result> {
  return value instanceof Promise ? value.then(use) : use(value);
}
