import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { delay } from "@std/async/delay";
import { EXIT_CODES, ProgramError } from "../../../cli/program_error.ts";
import {
  isAddressMissing,
  openTimeLimits,
  type RetryOptions,
  withRetries,
} from "../../../cli/time_limits.ts";
import { FetchError } from "../../../mod.ts";

/** The message with which a job is ended within a second; empty if it goes on. */
async function endOf(
  limits: { readonly timeoutMs?: number; readonly giveUpAfterMs?: number },
  progress: () => number | undefined,
): Promise<string> {
  const unlimited = { timeoutMs: Infinity, giveUpAfterMs: Infinity };
  using opened = openTimeLimits({ ...unlimited, ...limits, progress });
  await delay(1_000);
  if (!opened.signal.aborted) return "";
  assertInstanceOf(opened.signal.reason, ProgramError);
  assertEquals(opened.signal.reason.exitCode, EXIT_CODES.undone);
  return opened.signal.reason.message;
}

Deno.test("openTimeLimits() ends a job after its time, whatever it gains", async () => {
  let gained = 0;
  const ends = await Promise.all(
    [() => gained++, () => undefined]
      .map((progress) => endOf({ timeoutMs: 400 }, progress)),
  );
  const message =
    "cannot finish: --timeout of 1s is over; run again to continue";
  assertEquals(ends, [message, message]);
});

Deno.test("openTimeLimits() gives up a job that gains nothing", async () => {
  // Less than before is no gain.
  const amounts = [9, 5, 6, 7, 8];
  const ends = await Promise.all(
    [() => 7, () => amounts.shift() ?? 8]
      .map((progress) => endOf({ giveUpAfterMs: 400 }, progress)),
  );
  const message =
    "cannot finish: nothing has arrived for 1s; run again to continue";
  assertEquals(ends, [message, message]);
});

Deno.test("openTimeLimits() goes on while a job gains, lacks nothing or has no limit", async () => {
  let gained = 0;
  const ends = await Promise.all([
    endOf({ giveUpAfterMs: 400 }, () => gained++),
    endOf({ giveUpAfterMs: 400 }, () => undefined),
    endOf({}, () => 0),
  ]);
  assertEquals(ends, ["", "", ""]);
});

/** Options under which attempts follow one another at once, and the warnings. */
function optionsWith(
  options: Partial<RetryOptions> = {},
): RetryOptions & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return {
    retryForMs: 10_000,
    signal: new AbortController().signal,
    isTemporary: (error) => error instanceof FetchError,
    console: { warn: (text) => warnings.push(text) },
    firstPauseMs: 1,
    warnings,
    ...options,
  };
}

/** Fails with these reasons, one after another, and then returns "done". */
function failing(...reasons: readonly string[]): () => string {
  const left = [...reasons];
  return () => {
    const reason = left.shift();
    if (reason === undefined) return "done";
    throw new FetchError(`Cannot start: ${reason}`);
  };
}

Deno.test("withRetries() warns once for each reason", async () => {
  const options = optionsWith({ retryForMs: Infinity });
  const attempt = failing("no route", "no route", "refused", "refused");
  assertEquals(await withRetries(attempt, options), "done");
  assertEquals(options.warnings, [
    "cannot start: no route; trying again until that changes",
    "cannot start: refused; trying again until that changes",
  ]);
});

Deno.test("withRetries() passes on what will not change", async () => {
  const options = optionsWith();
  const attempt = (): never => {
    throw new RangeError("no such file");
  };
  await assertRejects(() => withRetries(attempt, options), RangeError);
  assertEquals(options.warnings, []);
});

Deno.test("withRetries() gives up after its time, with a last attempt", async () => {
  let count = 0;
  const attempt = (): never => {
    count++;
    throw new FetchError("Cannot start: refused");
  };
  for (const [retryForMs, least] of [[40, 2], [0, 1]] as const) {
    count = 0;
    const error = await assertRejects(
      () => withRetries(attempt, optionsWith({ retryForMs })),
      ProgramError,
      "cannot start: refused",
    );
    assertEquals(error.exitCode, EXIT_CODES.undone);
    assertEquals(error.message.includes("--retry-for"), retryForMs > 0);
    assert(count >= least, `${count} attempts`);
  }
});

Deno.test("withRetries() pauses longer and longer", async () => {
  const options = optionsWith({ retryForMs: 1_000, firstPauseMs: 20 });
  let count = 0;
  await assertRejects(() =>
    withRetries(() => {
      count++;
      throw new FetchError("Cannot start: refused");
    }, options), ProgramError);
  // 20, 40, 80, 160, 320, 640 ms, each a quarter shorter or longer.
  assert(count >= 4 && count <= 8, `${count} attempts`);
});

Deno.test("withRetries() ends with the reason of its signal", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const options = optionsWith({ signal, firstPauseMs: 60_000 });
  const waiting = withRetries(failing("refused"), options);
  setTimeout(() => controller.abort(new RangeError("enough")), 5);
  await assertRejects(() => waiting, RangeError, "enough");
});

Deno.test("isAddressMissing() finds the reason among the causes", () => {
  const missing = new Deno.errors.AddrNotAvailable("os error 99");
  const unresolved = new Error("failed to lookup address information: x");
  for (const cause of [missing, unresolved]) {
    assert(isAddressMissing(cause));
    const start = new Error("Cannot listen", { cause });
    assert(isAddressMissing(new ProgramError("cannot", { cause: start })));
  }
  assert(!isAddressMissing(new Deno.errors.AddrInUse("os error 98")));
  assert(!isAddressMissing("failed to lookup address"));
});
