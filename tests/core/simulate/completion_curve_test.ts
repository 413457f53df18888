import { assertEquals, assertMatch } from "@std/assert";
import {
  curveToSvg,
  drawCurve,
} from "../../../scripts/simulate/completion_curve.ts";
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

Deno.test("curveToSvg() draws both curves and escapes the title", () => {
  const curve = { samples: SAMPLES, boundMs: 1500 };
  const svg = curveToSvg(curve, `a <b> & "c"`);
  assertMatch(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
  assertMatch(svg, />a &lt;b> &amp; "c"<\/text>/);
  const lines = [...svg.matchAll(/points="([^"]+)"/g)].map(([, points]) =>
    points!.split(" ")
  );
  assertEquals(lines.map((points) => points.length), [101, 101]);
  const [held, complete] = lines;
  // From the lower left to the upper right, halfway up at first.
  assertEquals(held!.at(0), "48.0,360.0");
  assertEquals(held!.at(-1), "688.0,40.0");
  assertEquals(complete!.at(49), "361.6,360.0");
  assertEquals(complete!.at(50), "368.0,200.0");
  assertEquals(complete!.at(-1), "688.0,40.0");
});
