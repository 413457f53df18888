/**
 * Long responses: downloads, event streams and waiting reports. Each address has a few
 * slots, so that no address takes the slots of all others.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { RolloutDocument } from "../rollout/rollout_document.ts";

/** Time between two comparisons, in milliseconds. */
const INTERVAL_MS = 1_000;
/** Comparisons without a change after which a stream shows that it is alive. */
const QUIET_COUNT = 15;
/** Hosts after which a stream begins anew: names may change at will. */
const MAX_KNOWN = 20_000;

/** Slots of one kind of response. */
export class ResponseSlots {
  readonly #most: { readonly all: number; readonly ofAddress: number };
  readonly #countByAddress = new Map<string, number>();
  #count = 0;

  /** @param most Responses at once, in all and of one address. */
  constructor(most: { readonly all: number; readonly ofAddress: number }) {
    this.#most = most;
  }

  /**
   * Takes a slot.
   * @returns Gives it back, once; `undefined` if none is free.
   */
  take(address: string): (() => void) | undefined {
    const ofAddress = this.#countByAddress.get(address) ?? 0;
    const isFull = this.#count >= this.#most.all ||
      ofAddress >= this.#most.ofAddress;
    if (isFull) return undefined;
    this.#change(address, 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#change(address, -1);
      isTaken = false;
    };
  }

  #change(address: string, by: 1 | -1): void {
    this.#count += by;
    const count = (this.#countByAddress.get(address) ?? 0) + by;
    if (count > 0) this.#countByAddress.set(address, count);
    else this.#countByAddress.delete(address);
  }
}

/**
 * A body that calls `end`, perhaps repeatedly, when it ends, fails or is no longer
 * wanted, even if nothing of it was read: a generator that was not started runs no
 * `finally`.
 */
export function endingBody(
  body: AsyncIterable<Uint8Array>,
  end: () => void,
): AsyncIterableIterator<Uint8Array> {
  const parts = body[Symbol.asyncIterator]();
  const iterator: AsyncIterableIterator<Uint8Array> = {
    next: async () => {
      try {
        const part = await parts.next();
        if (part.done) end();
        return part;
      } catch (error) {
        end();
        throw error;
      }
    },
    return: async () => {
      end();
      await parts.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

/**
 * The changes of a document as server-sent events: everything first, and then what has
 * changed, once a second; until there is none any more or `signal` aborts.
 * [HTML, 9.2]
 */
export async function* rolloutEvents(
  read: () => RolloutDocument | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const known = new Map<string, string>();
  const encoder = new TextEncoder();
  for (let quietCount = 0; !signal.aborted; quietCount++) {
    const document = read();
    if (document === undefined) return;
    const text = changesOf(document, known);
    if (text !== "" || quietCount === QUIET_COUNT) {
      quietCount = 0;
      yield encoder.encode(text || ": still here\n\n");
    }
    // Aborted: the loop ends.
    await delay(INTERVAL_MS, { signal }).catch(() => {});
  }
}

/** The events for changes that the reader does not know yet. Notes the changes as known. */
function changesOf(
  { hosts, ...share }: RolloutDocument,
  known: Map<string, string>,
): string {
  let text = "";
  if (known.size > MAX_KNOWN) known.clear();
  const add = (type: "share" | "host", key: string, value: object): void => {
    const data = JSON.stringify(value);
    if (known.get(key) === data) return;
    known.set(key, data);
    text += `event: ${type}\ndata: ${data}\n\n`;
  };
  add("share", "", share);
  for (const host of hosts) {
    // Times are derived anew each time, and may differ by a millisecond.
    const { firstSeen: _, completeAt: __, ...rest } = host;
    add("host", `${host.name} ${host.address}`, rest);
  }
  return text;
}
