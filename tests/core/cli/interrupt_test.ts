import { assertEquals } from "@std/assert";
import { endingSignals, Interrupt } from "../../../cli/interrupt.ts";

Deno.test("endingSignals() knows no SIGTERM on Windows", () => {
  assertEquals(endingSignals(true), ["SIGINT", "SIGBREAK"]);
  assertEquals(endingSignals(false), ["SIGINT", "SIGTERM", "SIGHUP"]);
});

Deno.test("Interrupt asks at the first Ctrl+C alone whether to stay", () => {
  const interrupt = new Interrupt(1_900);
  let asked = 0;
  interrupt.staysOnce = () => ++asked === 1;
  interrupt.receive("SIGINT");
  // The same Ctrl+C, from `deno task`.
  interrupt.receive("SIGINT");
  assertEquals([asked, interrupt.remainingMs], [1, Infinity]);
});
