/**
 * Faults of one machine among healthy ones: the machine that shares names them.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { FAULTS, plantFault } from "../../scripts/lan/faults.ts";
import { lanTest } from "./lan_test_case.ts";

/**
 * Faults that are named whatever else the machine of the tests does, a part of the
 * reason, and as much content as it takes: more than the disk holds, or so much that a
 * host still fetches when it is paused.
 */
const CERTAIN: readonly [name: string, reason: RegExp, mebibytes: number][] = [
  ["full disk", /disk is full/, 80],
  ["read-only folder", /read-only/, 8],
  ["its own limit", /^its own limit is \d/, 40],
  ["paused process", /^at \d+ %, silent for \d+ s/, 80],
  ["one-way firewall", /port 6881 \(2 attempts failed\)/, 8],
];

for (const [name, reason, mebibytes] of CERTAIN) {
  const fault = FAULTS.find((fault) => fault.name.startsWith(name))!;
  lanTest(`share names a machine's fault: ${name}`, async () => {
    const outcome = await plantFault(fault, {
      timeoutMs: 120_000,
      mebibytes,
    });
    assertEquals(outcome.code, fault.code, JSON.stringify(outcome));
    assertMatch(outcome.reason, reason);
  });
}
