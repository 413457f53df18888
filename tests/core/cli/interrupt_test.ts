import { assertEquals } from "@std/assert";
import { endingSignals } from "../../../cli/interrupt.ts";

Deno.test("endingSignals() knows no SIGTERM on Windows", () => {
  assertEquals(endingSignals("windows"), ["SIGINT", "SIGBREAK"]);
  for (const platform of ["linux", "darwin"] as const) {
    assertEquals(endingSignals(platform), ["SIGINT", "SIGTERM", "SIGHUP"]);
  }
});
