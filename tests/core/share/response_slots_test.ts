import { assertEquals } from "@std/assert";
import {
  endingBody,
  ResponseSlots,
} from "../../../lib/share/response_slots.ts";

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
