/**
 * The changes of a rollout as server-sent events: the document without its hosts and
 * each host first, and then what has changed, once a second. [HTML, 9.2]
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { RolloutDocument } from "./rollout_document.ts";

/** Time between two comparisons, in milliseconds. */
const INTERVAL_MS = 1_000;
/** Comparisons without a change after which a stream shows that it is alive. */
const QUIET_COUNT = 15;
/** Hosts after which a stream begins anew: names may change at will. */
const MAX_KNOWN = 20_000;

/** The events of a document, until there is none any more or `signal` aborts. */
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

/** The events for what is not known yet, which is noted. */
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
