import { assertEquals } from "@std/assert";
import { endingSignals } from "../../../cli/interrupt.ts";

Deno.test("endingSignals() knows no SIGTERM on Windows", () => {
  assertEquals(endingSignals(true), ["SIGINT", "SIGBREAK"]);
  assertEquals(endingSignals(false), ["SIGINT", "SIGTERM", "SIGHUP"]);
});
