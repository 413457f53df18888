import { assert, assertEquals } from "@std/assert";
import { joinSignals } from "../../../lib/base/join_signals.ts";

Deno.test("joinSignals() aborts with the first of the signals, for its reason", () => {
  const [one, other] = [new AbortController(), new AbortController()];
  using joined = joinSignals(one.signal, undefined, other.signal);
  assert(!joined.signal.aborted);
  other.abort("late");
  one.abort("later");
  assert(joined.signal.aborted);
  assertEquals(joined.signal.reason, "late");
});

Deno.test("joinSignals() is aborted from the start if one of the signals is", () => {
  using joined = joinSignals(undefined, AbortSignal.abort("before"));
  assertEquals(joined.signal.reason, "before");
});

Deno.test("joinSignals() follows no signal after it was disposed of", () => {
  const source = new AbortController();
  const joined = joinSignals(source.signal);
  joined[Symbol.dispose]();
  source.abort();
  assert(!joined.signal.aborted);
});

Deno.test("joinSignals() is heard by a listener that nothing else refers to", async () => {
  const source = new AbortController();
  const heard = Promise.withResolvers<void>();
  joinSignals(source.signal).signal.addEventListener(
    "abort",
    () => heard.resolve(),
  );
  // Enough garbage for a collection of the young generation.
  for (let count = 0; count < 100; count++) {
    new Array(100_000).fill(count);
    await Promise.resolve();
  }
  source.abort();
  await heard.promise;
});
