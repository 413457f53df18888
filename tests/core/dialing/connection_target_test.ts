import { assertEquals } from "@std/assert";
import {
  countedConnections,
  isCallWanted,
  MAX_PEERS,
  type Mesh,
} from "../../../lib/dialing/connection_target.ts";

/** How many calls follow one another while none of them is answered. */
function callsInARow(mesh: Partial<Mesh>): number {
  const start: Mesh = {
    connectionCount: 0,
    callCount: 0,
    slowCallCount: 0,
    maxPeers: MAX_PEERS,
    ...mesh,
  };
  let { callCount } = start;
  while (isCallWanted({ ...start, callCount })) callCount++;
  return callCount - start.callCount;
}

const CASES: readonly [mesh: Partial<Mesh>, calls: number, why: string][] = [
  [{}, 2, "a few at a time, so that who calls meanwhile counts"],
  [{ callCount: 1 }, 1, "one is under way"],
  [{ connectionCount: 14 }, 1, "one is missing"],
  [{ connectionCount: 15 }, 0, "enough, and room for those who call"],
  [{ connectionCount: 14, callCount: 1 }, 0, "it may be answered"],
  [{ callCount: 2, slowCallCount: 2 }, 2, "those that hang hold up nobody"],
  [{ callCount: 16, slowCallCount: 16 }, 0, "too many hang"],
  [{ maxPeers: 1 }, 1, "one connection is dialed for if it is all there is"],
  [{ maxPeers: 10, connectionCount: 3 }, 0, "a part of what is taken"],
];

for (const [mesh, calls, why] of CASES) {
  Deno.test(`isCallWanted() wants ${calls} calls of ${JSON.stringify(mesh)}: ${why}`, () => {
    assertEquals(callsInARow(mesh), calls);
  });
}

Deno.test("countedConnections() counts half of those dialed for with one host, however many it opens", () => {
  const crowd = Array.from({ length: 50 }, () => ({ hostname: "192.0.2.1" }));
  const others = ["192.0.2.2", "192.0.2.2", "192.0.2.3"].map((hostname) => ({
    hostname,
  }));
  assertEquals(countedConnections(others, MAX_PEERS), 3);
  assertEquals(countedConnections([...crowd, ...others], MAX_PEERS), 11);
  assertEquals(countedConnections(crowd, 1), 1);
});
