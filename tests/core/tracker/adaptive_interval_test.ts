import { assertEquals } from "@std/assert";
import { adaptiveInterval } from "../../../lib/tracker/tracker.ts";
import { infoHash } from "../announce/samples.ts";

/** The interval in a swarm, in seconds. */
function seconds(
  incomplete: number,
  ageSeconds: number,
  peerCount: number,
  longestSeconds = 120,
): number {
  return adaptiveInterval(longestSeconds * 1000)({
    swarm: { infoHash: infoHash("a"), complete: 1, incomplete, downloaded: 0 },
    swarmAgeMs: ageSeconds * 1000,
    peerCount,
  }) / 1000;
}

Deno.test("adaptiveInterval() is short in a young swarm, and grows more slowly in an incomplete one", () => {
  const table: [age: number, complete: number, incomplete: number][] = [
    [0, 10, 10],
    [100, 10, 10],
    [300, 30, 10],
    [600, 60, 10],
    [1_200, 120, 20],
    [3_600, 120, 60],
    [7_200, 120, 120],
    [1_000_000, 120, 120],
  ];
  for (const [age, complete, incomplete] of table) {
    assertEquals(
      [age, seconds(0, age, 100), seconds(1, age, 100)],
      [age, complete, incomplete],
    );
  }
});

Deno.test("adaptiveInterval() lets all peers together announce a thousand times a second", () => {
  const table: [peerCount: number, seconds: number][] = [
    [1, 10],
    [10_000, 10],
    [20_000, 20],
    [100_000, 100],
    [120_000, 120],
    // Peers that wait longer would be forgotten.
    [1_000_000, 120],
  ];
  for (const [peerCount, expected] of table) {
    assertEquals([peerCount, seconds(1, 0, peerCount)], [peerCount, expected]);
  }
});

Deno.test("adaptiveInterval() is never longer than the longest", () => {
  assertEquals(seconds(1, 0, 1, 4), 4);
  assertEquals(seconds(0, 1e6, 1e6, 30), 30);
});
