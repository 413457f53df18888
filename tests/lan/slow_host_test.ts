/**
 * Faults of one machine among healthy ones: the machine that shares names them.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { FAULTS, plantFault } from "../../scripts/lan/faults.ts";
import { lanTest } from "./lan_test_case.ts";

/** Faults that are named whatever else the machine of the tests does, and a part of the reason. */
const CERTAIN: readonly [name: string, reason: RegExp][] = [
  ["full disk", /disk is full/],
  ["read-only folder", /read-only/],
  ["its own limit", /^its own limit is \d/],
  ["paused process", /^at \d+ %, silent for \d+ s/],
  ["one-way firewall", /port 6881 \(2 attempts failed\)/],
];

for (const [name, reason] of CERTAIN) {
  const fault = FAULTS.find((fault) => fault.name.startsWith(name))!;
  lanTest(`share names a machine's fault: ${name}`, async () => {
    const outcome = await plantFault(fault, {
      timeoutMs: 120_000,
      mebibytes: 80,
    });
    assertEquals(outcome.code, fault.code, JSON.stringify(outcome));
    assertMatch(outcome.reason, reason);
  });
}
