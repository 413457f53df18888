/**
 * Calls the listeners of the library's users, whose exceptions are not ours: a
 * report that fails must not fail what is reported.
 *
 * @module
 */

/** A listener that never throws: what `listener` throws is given to `onError`. */
export function guardListener<T>(
  listener: ((value: T) => void) | undefined,
  onError: (error: unknown) => void = () => {},
): (value: T) => void {
  return (value) => {
    try {
      listener?.(value);
    } catch (error) {
      onError(error);
    }
  };
}
