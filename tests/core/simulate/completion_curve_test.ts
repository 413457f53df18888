import { assertEquals, assertMatch } from "@std/assert";
import { drawCurve } from "../../../scripts/simulate/completion_curve.ts";
import type { Sample } from "../../../scripts/simulate/scenario.ts";

/** Half are complete after a second, all after two; the content held grows evenly. */
const SAMPLES: readonly Sample[] = Array.from({ length: 101 }, (_, step) => ({
  at: 20 * step,
  complete: step < 50 ? 0 : step < 100 ? 0.5 : 1,
  held: step / 100,
}));

Deno.test("drawCurve() draws complete leechers, content held and the bound", () => {
  assertEquals(drawCurve({ samples: SAMPLES, boundMs: 1500 }), [
    " 100 % │                                                         ······█",
    "       │                                                   ······      █",
    "       │                                            ·······            █",
    "       │                                      ······                   █",
    "       │                               ·······                         █",
    "  50 % │                         ······█████████████████████████████████",
    "       │                   ······      █████████████████████████████████",
    "       │            ·······            █████████████████████████████████",
    "       │      ······                   █████████████████████████████████",
    "       │······                         █████████████████████████████████",
    "       └───────────────────────────────────────────────┴────────────────",
    "                                                   bound          2.00 s",
    "        █ complete   · of the content held",
  ]);
});

Deno.test("drawCurve() draws a run without duration", () => {
  const samples = [{ at: 1, complete: 1, held: 1 }];
  const lines = drawCurve({ samples, boundMs: 1 });
  assertEquals(lines.length, 13);
  assertMatch(lines[0]!, /^ 100 % │█{64}$/);
  assertMatch(lines[10]!, /^ {7}└─{63}┴$/);
});
