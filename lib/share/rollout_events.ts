/**
 * Streams of the changes of a rollout, as server-sent events: the document without
 * its hosts and each host first, and then what has changed, once a second. The
 * number of streams is limited, because each compares all hosts. [HTML, 9.2]
 *
 * @module
 */
import type { RolloutDocument } from "./rollout_document.ts";

/** Streams that are open at once at most, and of one address. */
const MAX_STREAMS = { all: 32, ofAddress: 8 } as const;
/** Time between two comparisons, in milliseconds. */
const INTERVAL_MS = 1_000;
/** Comparisons without a change after which a stream shows that it is alive. */
const QUIET_COUNT = 15;

/** Hosts after which a stream begins anew: names may change at will. */
const MAX_KNOWN = 20_000;

/** The streams of a rollout. */
export class RolloutEvents {
  readonly #countByAddress = new Map<string, number>();
  #count = 0;

  /**
   * Opens a stream, which ends when there is no document any more.
   * @returns `undefined` if there are too many.
   */
  open(
    address: string,
    read: () => RolloutDocument | undefined,
  ): AsyncIterableIterator<Uint8Array> | undefined {
    const ofAddress = this.#countByAddress.get(address) ?? 0;
    const isFull = this.#count >= MAX_STREAMS.all ||
      ofAddress >= MAX_STREAMS.ofAddress;
    if (isFull) return undefined;
    const known = new Map<string, string>();
    const wait = new Wait();
    let isOpen = false;
    // A stream that is never read is not counted, as it may never be ended either.
    const count = (by: 1 | -1): void => {
      if (isOpen === (by === 1)) return;
      isOpen = by === 1;
      this.#count += by;
      const ofAddress = (this.#countByAddress.get(address) ?? 0) + by;
      if (ofAddress > 0) this.#countByAddress.set(address, ofAddress);
      else this.#countByAddress.delete(address);
    };
    const end = (): IteratorReturnResult<undefined> => {
      count(-1);
      wait.end();
      return { done: true, value: undefined };
    };
    const iterator: AsyncIterableIterator<Uint8Array> = {
      next: async () => {
        count(1);
        for (let quietCount = 0;; quietCount++) {
          if (known.size > 0) await wait.pass(INTERVAL_MS);
          const document = wait.isOver ? undefined : read();
          if (document === undefined) return end();
          const text = changesOf(document, known);
          if (text !== "" || quietCount === QUIET_COUNT) {
            return { done: false, value: utf8(text || ": still here\n\n") };
          }
        }
      },
      return: () => Promise.resolve(end()),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}

/** Waits that one call ends, for good. */
class Wait {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resolve: () => void = () => {};
  isOver = false;

  async pass(ms: number): Promise<void> {
    if (this.isOver) return;
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(resolve, ms);
    });
  }

  end(): void {
    this.isOver = true;
    clearTimeout(this.#timer);
    this.#resolve();
  }
}

/** The events for what is not known yet, which is noted. */
function changesOf(
  { hosts, ...share }: RolloutDocument,
  known: Map<string, string>,
): string {
  let text = "";
  if (known.size > MAX_KNOWN) known.clear();
  const tell = (type: "share" | "host", key: string, value: object): void => {
    const data = JSON.stringify(value);
    if (known.get(key) === data) return;
    known.set(key, data);
    text += `event: ${type}\ndata: ${data}\n\n`;
  };
  tell("share", "", share);
  for (const host of hosts) {
    // Times are derived anew each time, and may differ by a millisecond.
    const { firstSeen: _, completeAt: __, ...rest } = host;
    tell("host", `${host.name} ${host.address}`, rest);
  }
  return text;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
