import { assertEquals, assertInstanceOf } from "@std/assert";
import { delay } from "@std/async/delay";
import { EXIT_CODES, ProgramError } from "../../../cli/program_error.ts";
import { openTimeLimits } from "../../../cli/time_limits.ts";

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
  for (const progress of [() => gained++, () => undefined]) {
    assertEquals(
      await endOf({ timeoutMs: 400 }, progress),
      "cannot finish: --timeout of 1s is over; run again to continue",
    );
  }
});

Deno.test("openTimeLimits() gives up a job that gains nothing", async () => {
  // Less than before is no gain.
  const amounts = [9, 5, 6, 7, 8];
  for (const progress of [() => 7, () => amounts.shift() ?? 8]) {
    assertEquals(
      await endOf({ giveUpAfterMs: 400 }, progress),
      "cannot finish: nothing has arrived for 1s; run again to continue",
    );
  }
});

Deno.test("openTimeLimits() does not give up a job that gains or lacks nothing", async () => {
  let gained = 0;
  for (const progress of [() => gained++, () => undefined]) {
    assertEquals(await endOf({ giveUpAfterMs: 400 }, progress), "");
  }
});

Deno.test("openTimeLimits() ends nothing without limits", async () => {
  assertEquals(await endOf({}, () => 0), "");
});
