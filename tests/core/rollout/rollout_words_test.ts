import { assertEquals } from "@std/assert";
import {
  describeFinish,
  describeLight,
  describeVerdict,
} from "../../../lib/rollout/rollout_words.ts";
import type { LightColor } from "../../../lib/rollout/rollout_share.ts";

Deno.test("describeVerdict() counts who is missing, or all machines", () => {
  assertEquals(
    describeVerdict({ verified: 38, needed: 40 }, 41),
    "38 of 40 verified, 2 not",
  );
  assertEquals(
    describeVerdict({ verified: 41, needed: 40 }, 41),
    "41 of 40 verified",
  );
  assertEquals(
    describeVerdict({ verified: 3, needed: undefined }, 7),
    "7 machines, 3 verified",
  );
});

Deno.test("describeLight() says what is only here, rounded up, and when the source may go", () => {
  const of = (light: LightColor, onlyHere = 0): string =>
    describeLight({ light, onlyHere });
  assertEquals(of("red", 0.001), "1% is only on this machine: leave it on");
  assertEquals(
    of("amber"),
    "A part is on one other machine only: leave this one on",
  );
  assertEquals(
    of("green"),
    "Everything is on two other machines: this one may be switched off",
  );
});

Deno.test("describeFinish() says when the last one is done, and how near the bound that is", () => {
  const at = new Date(2026, 0, 1, 14, 30);
  const clocks = { nowMs: 1_000, wallMs: at.getTime() };
  const finish = {
    ...{ leftMs: 250_000, uncertaintyMs: 20_000, endMs: 251_000 },
    ...{ boundMs: 300_000, ofBound: 0.926 },
  };
  assertEquals(
    describeFinish(finish, clocks),
    "Last one done in about 4 min 30 s, at 14:34 (± 20 s); 92% of the fastest possible",
  );
  assertEquals(
    describeFinish({ ...finish, leftMs: 0, endMs: -119_000 }, clocks),
    "All that joined were done at 14:28; 92% of the fastest possible",
  );
  const idle = { ...finish, leftMs: 0, boundMs: 0, ofBound: 0 };
  assertEquals(
    describeFinish(idle, clocks),
    "All that joined were done at 14:34",
  );
});
