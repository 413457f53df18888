import { assertEquals } from "@std/assert";
import {
  describeRollout,
  type RolloutDocument,
} from "../../../lib/rollout/rollout_document.ts";
import {
  endingBody,
  ResponseSlots,
  rolloutEvents,
} from "../../../lib/share/lasting_response.ts";
import { A, expecting, report } from "../rollout/rollout_sample.ts";

const SHARE = { id: A, name: "images", state: "ready" } as const;
const CLOCKS = { nowMs: 60_000, wallMs: 0 };

Deno.test("ResponseSlots has a few slots for each address, and a limit for all", () => {
  const slots = new ResponseSlots({ all: 3, ofAddress: 2 });
  const [first, second] = [slots.take("a"), slots.take("a")];
  assertEquals([first, second].includes(undefined), false);
  assertEquals(slots.take("a"), undefined);
  const other = slots.take("b");
  assertEquals(slots.take("c"), undefined);
  other!();
  // Once, however often it is given back.
  other!();
  assertEquals([slots.take("c"), slots.take("d")].indexOf(undefined), 1);
});

Deno.test("endingBody() says that it ends, whether the body is read, fails or is given up unread", async () => {
  async function* parts(fails: boolean): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    if (fails) throw new Error("no more");
  }
  const ends: string[] = [];
  const read = endingBody(parts(false), () => void ends.push("read"));
  assertEquals((await Array.fromAsync(read)).length, 1);
  const failing = endingBody(parts(true), () => void ends.push("failed"));
  await Array.fromAsync(failing).catch(() => {});
  const unread = endingBody(parts(false), () => void ends.push("unread"));
  await unread.return!();
  assertEquals((await unread.next()).done, true);
  assertEquals([...new Set(ends)], ["read", "failed", "unread"]);
});

/** The events of one read of a stream. */
async function nextOf(stream: AsyncIterator<Uint8Array>): Promise<string[]> {
  const { value } = await stream.next();
  return new TextDecoder().decode(value).split("\n\n").filter(Boolean);
}

Deno.test("rolloutEvents() sends everything first, and then each change", async () => {
  const rollout = expecting("lab0[1-2]");
  rollout.reported(report("1"), "192.168.1.1", 0);
  let document: RolloutDocument | undefined = describeRollout(
    SHARE,
    rollout,
    CLOCKS,
  );
  const stream = rolloutEvents(() => document, new AbortController().signal);
  assertEquals((await nextOf(stream)).length, 3);
  rollout.reported(report("1", { fraction: 0.6 }), "192.168.1.1", 60_000);
  document = describeRollout(SHARE, rollout, CLOCKS);
  const [share, host, ...none] = await nextOf(stream);
  // It had left, and is back.
  assertEquals(share?.startsWith('event: share\ndata: {"version":1,'), true);
  assertEquals(
    JSON.parse(host!.split("data: ")[1]!).state,
    "fetching",
  );
  assertEquals(none, []);
  document = undefined;
  assertEquals((await stream.next()).done, true);
});

Deno.test("rolloutEvents() ends at once when it is no longer wanted", async () => {
  const rollout = expecting("lab01");
  const ending = new AbortController();
  const stream = rolloutEvents(
    () => describeRollout(SHARE, rollout, CLOCKS),
    ending.signal,
  );
  await stream.next();
  const pending = stream.next();
  ending.abort();
  assertEquals((await pending).done, true);
});
