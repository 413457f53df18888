/**
 * One signal in place of several. `AbortSignal.any()` does that too, but Deno 2.4
 * collects its signal as garbage while only listeners need it: the abort is lost.
 *
 * @module
 */

/** A signal that follows others until it is disposed of. */
export interface JoinedSignal extends Disposable {
  /** Aborts with the first of them, for the same reason. */
  readonly signal: AbortSignal;
}

/** Joins signals; those that are undefined never abort. */
export function joinSignals(
  ...sources: readonly (AbortSignal | undefined)[]
): JoinedSignal {
  const controller = new AbortController();
  const follow = ({ target }: { readonly target: EventTarget | null }): void =>
    controller.abort((target as AbortSignal).reason);
  for (const source of sources) {
    if (source?.aborted) follow({ target: source });
    source?.addEventListener("abort", follow);
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const source of sources) {
        source?.removeEventListener("abort", follow);
      }
    },
  };
}
