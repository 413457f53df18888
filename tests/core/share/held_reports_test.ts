import { assertEquals } from "@std/assert";
import { HeldReports } from "../../../lib/share/held_reports.ts";

/** Longer than any test takes. */
const LONG_MS = 3_600_000;

Deno.test("HeldReports ends a wait after its time, and all of them when released", async () => {
  const held = new HeldReports();
  await held.hold("192.168.1.1", 1);
  const waits = ["1", "2", "3"].map((digit) => held.hold(digit, LONG_MS));
  held.release();
  assertEquals(await Promise.all(waits), [undefined, undefined, undefined]);
});

Deno.test("HeldReports holds 64 of one address and 2048 in all", async () => {
  const held = new HeldReports();
  const hold = (address: string): Promise<void> | undefined =>
    held.hold(address, LONG_MS);
  const waits = Array.from({ length: 64 }, () => hold("a"));
  assertEquals([waits.includes(undefined), hold("a")], [false, undefined]);
  for (let index = 64; index < 2_048; index++) waits.push(hold(`${index}`));
  assertEquals([waits.includes(undefined), hold("b")], [false, undefined]);
  held.release();
  await Promise.all(waits);
  const again = hold("a");
  held.release();
  await again;
});
