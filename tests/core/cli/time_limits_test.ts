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
